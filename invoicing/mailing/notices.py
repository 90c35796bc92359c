"""Mails that are about no invoice: a notice has its own words, and a few facts to read off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation

from billing.kernel import jobs
from billing.models import Account
from invoicing.mailing.letters import SUBJECT_LENGTH
from invoicing.mailing.outbox import NO_ADDRESS, SEND, WRITTEN
from invoicing.parties import seller
from invoicing.records import Mail, MailStatus, MailTemplate


def write_notice(
    *,
    account: Account | None,
    recipient: str,
    template: str,
    about: str,
    facts: Mapping[str, object],
    now: datetime,
) -> str:
    """Write a notice in the caller's transaction, once per `about`; return what became of it.

    Without an address there is none; that of an account on a test clock is held, as every mail is.
    """
    if not recipient:
        return NO_ADDRESS
    language = settings.BILLING["INVOICE_LANGUAGE"]
    name = MailTemplate(template).value
    context = {"language": language, "seller": seller(), **facts}
    with translation.override(language):
        subject = " ".join(render_to_string(f"email/{name}.subject.txt", context).split())
        text = render_to_string(f"email/{name}.txt", context).strip() + "\n"
        html = render_to_string(f"email/{name}.html", context)
    on_clock = account is not None and account.test_clock_id is not None
    is_held = on_clock and not settings.BILLING["BILLING_MAIL_TEST_CLOCKS"]
    mail, is_new = Mail.objects.get_or_create(
        about=about[:255],
        defaults={
            "account": account,
            "template": name,
            "language": language,
            "recipient": recipient,
            "subject": subject[:SUBJECT_LENGTH],
            "text": text,
            "html": html,
            "status": MailStatus.HELD if is_held else MailStatus.WAITING,
            "due_at": None if is_held else Now(),
            "created_at": now,
        },
    )
    if is_new and not is_held:
        jobs.enqueue(SEND, mail_id=mail.pk)
    return WRITTEN
