"""Writing mails into the outbox, in the transaction of what they tell of."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models.functions import Now

from billing.kernel import jobs
from billing.models import LockedAccount
from invoicing.mailing.letters import letter
from invoicing.models import Invoice
from invoicing.parties import seller
from invoicing.records import Mail, MailStatus
from tenants.models import Tenant

SEND: Final = "invoicing.send_mail"
WRITTEN: Final = "WRITTEN"
NO_ADDRESS: Final = "NO_ADDRESS"


def write(
    account: LockedAccount,
    invoice: Invoice,
    *,
    template: str,
    about: str,
    link: str = "",
    now: datetime,
) -> str:
    """Write a mail to the tenant's billing address, once per `about`; return what became of it.

    `link` is where to pay, for a template that has a place for it.

    Without an address there is none. An account on a test clock has its mails held, unless the
    setting BILLING_MAIL_TEST_CLOCKS says to send them. Sending is due in real time.
    """
    recipient = Tenant.objects.get(account_id=account.id).billing_email
    if not recipient:
        return NO_ADDRESS
    language = settings.BILLING["INVOICE_LANGUAGE"]
    who = invoice.seller or seller()
    words = letter(invoice, template=template, seller=who, language=language, link=link, now=now)
    is_held = account.test_clock_id and not settings.BILLING["BILLING_MAIL_TEST_CLOCKS"]
    mail, is_new = Mail.objects.get_or_create(
        about=about,
        defaults={
            "account": account,
            "invoice": invoice,
            "template": template,
            "language": language,
            "recipient": recipient,
            "subject": words.subject,
            "text": words.text,
            "html": words.html,
            "status": MailStatus.HELD if is_held else MailStatus.WAITING,
            "due_at": None if is_held else Now(),
            "created_at": now,
        },
    )
    if is_new and not is_held:
        jobs.enqueue(SEND, mail_id=mail.pk)
    return WRITTEN
