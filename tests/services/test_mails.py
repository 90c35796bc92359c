"""The outbox: written once with what it tells of, sent afterwards, tried again, bounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import override_settings

from billing.kernel.errors import InvalidTransition
from billing.models import AuditEntry
from invoicing import dunning, run
from invoicing.mailing import sending
from invoicing.mailing.letters import letter
from invoicing.models import Invoice
from invoicing.records import Dunning, DunningEntry, DunningStep, Mail
from tenants.models import Tenant
from tests.scenarios.test_dunning import unpaid
from tests.scenarios.world import World
from tests.services.test_due import APRIL, MAY, subscribed

pytestmark = pytest.mark.django_db

LATER = datetime(2999, 1, 1, tzinfo=UTC)
ISSUED = MAY + timedelta(hours=1)
Settings = Callable[..., Any]


@pytest.fixture
def configured(settings: Any) -> Settings:
    return lambda **given: override_settings(BILLING={**settings.BILLING, **given})


def dunned(*, until: datetime = ISSUED + timedelta(days=14)) -> Mail:
    """Write the mail of an invoice that is overdue, of an account on real time."""
    account = subscribed()
    Tenant.objects.filter(account=account).update(billing_email="ap@acme.example")
    run.run_account(account_id=account.id, now=MAY)
    run.run_account(account_id=account.id, now=ISSUED)
    run.run_account(account_id=account.id, now=until)
    return Mail.objects.latest("created_at")


def state(mail: Mail) -> tuple[str, int, datetime | None]:
    mail.refresh_from_db()
    return mail.status, mail.attempts, mail.due_at


def test_a_mail_says_what_is_true_when_it_is_written() -> None:
    mail = dunned()

    number = Invoice.objects.get().number
    assert (mail.status, mail.recipient, mail.language) == ("WAITING", "ap@acme.example", "en")
    assert mail.subject == f"Invoice {number} is overdue"
    assert mail.text == (
        "Hello Acme,\n\n"
        f"Invoice {number} was due on May 15, 2025, and we have not received $30.00 of it yet. "
        "Please pay it now.\n\n"
        "Amount due: $30.00\n"
        f"Invoice number: {number}\n"
        "Issue date: May 1, 2025\n"
        "Due date: May 15, 2025\n\n\n"
        "If you have paid already, you need not do anything.\n\n"
        "Questions? Write to billing@example.com.\n\nExample Seller Ltd\n"
    )
    assert "$30.00" in mail.html
    assert '<html lang="en">' in mail.html


def test_a_mail_is_written_in_the_language_of_the_settings(configured: Settings) -> None:
    with configured(INVOICE_LANGUAGE="de"):
        mail = dunned()

    number = Invoice.objects.get().number
    assert mail.subject == f"Rechnung {number} ist überfällig"
    assert "Fälligkeitsdatum: 15. Mai 2025" in mail.text or "15. Mai 2025" in mail.text
    assert "30,00\N{NO-BREAK SPACE}$" in mail.text
    assert '<html lang="de">' in mail.html


def test_names_are_escaped_in_the_page_and_not_in_the_text() -> None:
    account = subscribed()
    Tenant.objects.update(name="A & <b>B</b>", billing_email="ap@acme.example")
    for now in (MAY, ISSUED, ISSUED + timedelta(days=14)):
        run.run_account(account_id=account.id, now=now)

    mail = Mail.objects.get()

    assert "Hello A & <b>B</b>," in mail.text
    assert "Hello A &amp; &lt;b&gt;B&lt;/b&gt;," in mail.html


def test_what_is_due_is_sent_once() -> None:
    mail = dunned()

    sent = [sending.send_due(now=LATER), sending.send_due(now=LATER)]

    assert sent == [1, 0]
    sent_mails: list[Any] = django_mail.outbox
    (message,) = sent_mails
    assert (message.to, message.from_email) == (["ap@acme.example"], "billing@example.com")
    assert message.subject == mail.subject
    assert message.extra_headers["Message-ID"] == f"<{mail.pk}@example.com>"
    assert message.alternatives[0][1] == "text/html"
    mail.refresh_from_db()
    assert (mail.status, mail.sent_at, mail.attempts) == ("SENT", LATER, 1)


def test_what_fails_is_kept_and_tried_again_later_and_not_for_ever() -> None:
    mail = dunned()
    broken = "tests.services.broken_mail.Backend"
    seen = []
    now = LATER
    with override_settings(EMAIL_BACKEND=broken):
        while mail.status == "WAITING":
            sending.send_due(now=now)
            _status, attempts, due_at = state(mail)
            seen.append((attempts, None if due_at is None else due_at - now))
            now = due_at or now

    minutes = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert seen == [
        *((n, timedelta(minutes=m)) for n, m in enumerate(minutes, start=1)),
        (10, None),
    ]
    assert (mail.status, mail.failure) == ("FAILED", "ConnectionRefusedError: nobody listens")
    assert django_mail.outbox == []

    again = sending.retry_mail(mail_id=mail.pk, now=now)
    sending.send_due(now=now)

    assert again.status == "WAITING"
    assert state(mail)[0] == "SENT"
    assert AuditEntry.objects.filter(action="mail.retried", subject=str(mail.pk)).count() == 1
    with pytest.raises(InvalidTransition):
        sending.retry_mail(mail_id=mail.pk, now=now)


def test_a_claimed_mail_is_left_to_whoever_has_it() -> None:
    mail = dunned()
    Mail.objects.filter(pk=mail.pk).update(due_at=LATER + sending.CLAIM)

    assert sending.send_mail(mail_id=mail.pk, now=LATER) is False
    assert sending.send_mail(mail_id=mail.pk, now=LATER + sending.CLAIM) is True


def test_mails_of_a_test_clock_are_held_unless_the_settings_say_otherwise(
    configured: Settings,
) -> None:
    world = World()
    unpaid(world, billingEmail="ap@acme.example")
    world.advance("2025-05-12T01:00:00Z")
    with configured(BILLING_MAIL_TEST_CLOCKS=True):
        world.advance("2025-05-15T01:00:00Z")

    rows = Mail.objects.order_by("created_at").values_list("template", "status")
    assert list(rows) == [("due_soon", "HELD"), ("overdue", "WAITING")]


def test_a_final_invoice_is_mailed_where_the_settings_say_so(configured: Settings) -> None:
    account = subscribed()
    Tenant.objects.update(billing_email="ap@acme.example")
    with configured(BILLING_INVOICE_MAILS=True):
        run.run_account(account_id=account.id, now=MAY)
        run.run_account(account_id=account.id, now=ISSUED)

    mail = Mail.objects.get()
    number = Invoice.objects.get().number
    assert mail.subject == f"Invoice {number} from Example Seller Ltd"
    assert f"Here is your invoice {number}. Please pay $30.00 by May 15, 2025." in mail.text


def test_a_mail_asks_for_nothing_by_a_date_where_nothing_is_due() -> None:
    dunned()
    invoice = Invoice.objects.get()
    invoice.amount_paid_minor = invoice.total_minor
    seller = {"name": "Seller", "email": ""}

    written = letter(invoice, template="invoice", seller=seller, language="en", now=LATER)

    assert "There is nothing to pay." in written.text
    assert "Issue date: May 1, 2025\n" in written.text
    assert ("Due date" in written.text, "Due date" in written.html) == (False, False)


def test_after_a_standstill_only_the_newest_reminder_is_written() -> None:
    mail = dunned(until=ISSUED + timedelta(days=22))

    assert Mail.objects.get() == mail
    notes = DunningEntry.objects.values_list("action", "step__days", "note")
    assert list(notes) == [
        ("REMIND", -3, "LATER_ONE_DUE"),
        ("OVERDUE", 0, "LATER_ONE_DUE"),
        ("REMIND", 7, "WRITTEN"),
    ]


def test_a_change_of_the_schedule_reaches_open_invoices_and_leaves_what_lies_behind() -> None:
    account = subscribed()
    for now in (MAY, ISSUED, ISSUED + timedelta(days=14)):
        run.run_account(account_id=account.id, now=now)
    row = Dunning.objects.get()
    before = row.due_at

    DunningStep.objects.create(days=-1, action="REMIND", template="due_soon")
    DunningStep.objects.create(days=5, action="REMIND", template="overdue")
    dunning.reschedule()
    row.refresh_from_db()
    after = row.due_at
    DunningStep.objects.filter(days__gt=0).update(is_active=False)
    dunning.reschedule()
    row.refresh_from_db()

    assert before == ISSUED + timedelta(days=21)
    assert after == ISSUED + timedelta(days=19)
    assert row.due_at is None


def test_an_invoice_that_is_due_at_once_is_overdue_at_once(configured: Settings) -> None:
    account = subscribed()
    with configured(BILLING_PAYMENT_TERM_DAYS=0):
        run.run_account(account_id=account.id, now=MAY)
        run.run_account(account_id=account.id, now=ISSUED)

    assert Invoice.objects.get().status == "OVERDUE"
    assert list(DunningEntry.objects.values_list("action", flat=True)) == ["OVERDUE"]


def test_a_paused_subscription_keeps_its_state_and_remembers_how_it_stands() -> None:
    account = subscribed(now=APRIL)
    for now in (MAY, ISSUED):
        run.run_account(account_id=account.id, now=now)
    subscription = account.subscriptions.get()
    subscription.status = "PAUSED"
    subscription.save()

    run.run_account(account_id=account.id, now=ISSUED + timedelta(days=14))
    subscription.refresh_from_db()
    paused = (subscription.status, subscription.standing)
    subscription.status = "ACTIVE"
    subscription.stand(subscription.standing)

    assert paused == ("PAUSED", "PAST_DUE")
    assert subscription.status == "PAST_DUE"
