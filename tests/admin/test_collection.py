"""What staff do with money: through the services, refused on the form, under their name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from billing.kernel import clock
from billing.kernel.money import Money
from billing.models import AuditEntry
from invoicing.models import Invoice
from invoicing.pdf.credit_notes import render_due_credit_notes
from invoicing.records import (
    CreditNote,
    Dunning,
    DunningEntry,
    DunningStep,
    Mail,
    ParkedAccount,
    Payment,
)
from tests.admin.test_actions import act, entries, said
from tests.admin.test_pages import url
from tests.admin.world import World


def shown(client: Client, invoice: Invoice) -> str:
    return str(client.get(url(Invoice, "change", invoice.pk)).content.decode())


def major(invoice: Invoice) -> str:
    return Money(invoice.amount_due_minor, invoice.currency).amount


@pytest.fixture
def invoice(world: World) -> Invoice:
    """The second of the world: pending, nothing has happened to it."""
    return next(one for one in world.invoices if one.status == "PENDING")


def test_a_payment_is_recorded(staff: Client, invoice: Invoice) -> None:
    before = Invoice.objects.get(pk=invoice.pk)
    asked = staff.get(f"{url(Invoice, 'changelist')}{invoice.pk}/pay/").content.decode()

    done = act(staff, invoice, "pay", amount="10.00", reference="SEPA 1", paid_on="")

    payment = Payment.objects.get(invoice=invoice)
    invoice.refresh_from_db()
    assert f'value="{major(before)}"' in asked
    assert (payment.amount_minor, payment.reference) == (1000, "SEPA 1")
    assert invoice.status == "PARTIALLY_PAID"
    assert said(done)[0][0] == "success"
    assert sorted(entries("invoice.payment_recorded")) == ["staff:ada", "system"]
    assert "SEPA 1" in shown(staff, invoice)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"amount": "1"}, "must have exactly 2 decimals"),
        ({"amount": "1,00"}, "must be ASCII digits"),
        ({"amount": "-1.00"}, "must be above zero"),
        ({"amount": "1.00", "paid_on": "1999-01-01"}, "must not be before"),
    ],
)
def test_a_payment_that_is_refused_stays_on_the_form(
    staff: Client, invoice: Invoice, given: dict[str, str], text: str
) -> None:
    count = Payment.objects.count()

    asked = act(staff, invoice, "pay", **given)

    assert (asked.status_code, Payment.objects.count()) == (200, count)
    assert text in asked.content.decode()
    assert given["amount"] in asked.content.decode()


def test_more_than_is_due_says_why_not(staff: Client, invoice: Invoice) -> None:
    done = act(staff, invoice, "pay", amount="99999.00")

    assert said(done)[0][0] == "error"
    assert "more than what is due" in said(done)[0][1]


def test_a_credit_note_is_issued_by_line(staff: Client, invoice: Invoice) -> None:
    line = invoice.lines.filter(amount_minor__gt=0).first()
    assert line is not None
    form = staff.get(f"{url(Invoice, 'changelist')}{invoice.pk}/credit/").content.decode()

    done = act(
        staff, invoice, "credit", amount="", reason="Outage", **{f"line_{line.position}": "2.00"}
    )

    note = CreditNote.objects.get(invoice=invoice)
    assert line.description in form
    assert (note.total_minor, note.reason) == (200, "Outage")
    assert said(done) == [
        ("success", f"The credit note {note.number} takes 2.00\N{NO-BREAK SPACE}USD back.")
    ]
    assert note.number in shown(staff, invoice)
    assert sorted(entries("credit_note.issued")) == ["staff:ada", "system"]


def test_a_credit_note_takes_one_amount_or_lines(staff: Client, invoice: Invoice) -> None:
    for given in ({"amount": ""}, {"amount": "1.00", "line_0": "1.00"}):
        asked = act(staff, invoice, "credit", reason="x", **given)
        assert asked.status_code == 200
        assert "give either one amount or amounts of lines" in asked.content.decode()

    assert not CreditNote.objects.filter(invoice=invoice).exists()


def test_an_invoice_is_written_off_after_a_question(staff: Client, invoice: Invoice) -> None:
    asked = staff.get(f"{url(Invoice, 'changelist')}{invoice.pk}/write_off/")
    invoice.refresh_from_db()
    before = invoice.status

    act(staff, invoice, "write_off")

    invoice.refresh_from_db()
    assert (asked.status_code, before, invoice.status) == (200, "PENDING", "UNCOLLECTIBLE")
    assert entries("invoice.marked_uncollectible") == ["staff:ada"]


def test_the_buttons_of_money_stand_where_they_may_be_used(staff: Client, invoice: Invoice) -> None:
    def buttons() -> list[bool]:
        page = shown(staff, invoice)
        return [f"{invoice.pk}/{name}/" in page for name in ("pay", "credit", "write_off")]

    pending = buttons()
    act(staff, invoice, "pay", amount=major(invoice))
    paid = buttons()

    assert (pending, paid) == ([True, True, True], [False, True, False])


def test_staff_without_the_permission_moves_no_money(invoice: Invoice, db: None) -> None:
    viewer = Client()
    bob = User.objects.create_user("bob", password="x", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    viewer.force_login(bob)

    answers = {name: act(viewer, invoice, name).status_code for name in ("pay", "credit")}

    assert answers == {"pay": 403, "credit": 403}
    assert not Payment.objects.filter(invoice=invoice).exists()


def test_the_pdf_of_a_credit_note_opens(staff: Client, world: World) -> None:
    render_due_credit_notes(now=clock.now() + timedelta(seconds=1))
    note = CreditNote.objects.get()

    opened = staff.get(f"{url(CreditNote, 'changelist')}{note.pk}/open_pdf/")

    assert opened["Content-Disposition"] == f'inline; filename="{note.number}.pdf"'
    assert opened.content.startswith(b"%PDF-")


def test_a_step_of_the_schedule_is_changed_and_reaches_open_invoices(
    staff: Client, invoice: Invoice
) -> None:
    step = DunningStep.objects.get(days=0)
    due_before = Dunning.objects.get(invoice=invoice).due_at
    given = {"days": "0", "action": "OVERDUE", "template": "overdue"}

    saved = staff.post(url(DunningStep, "change", step.pk), given)
    DunningStep.objects.update(is_active=False)
    staff.post(url(DunningStep, "add"), {**given, "days": "500", "is_active": "on"})

    row = Dunning.objects.get(invoice=invoice)
    assert saved.status_code == 302
    assert due_before is not None
    assert row.due_at == row.base_at + timedelta(days=500)
    assert entries("dunning_step.updated") == ["staff:ada"]
    assert entries("dunning_step.created") == ["staff:ada"]


def test_a_step_that_was_done_stays_and_one_that_was_not_can_go(
    staff: Client, invoice: Invoice
) -> None:
    done, idle = DunningStep.objects.order_by("days")[:2]
    invoice.dunning_entries.all().delete()
    DunningEntry.objects.create(
        account_id=invoice.account_id,
        invoice=invoice,
        step=done,
        action=done.action,
        due_at=clock.now(),
        at=clock.now(),
    )

    page = staff.get(url(DunningStep, "change", done.pk)).content.decode()
    asked = staff.get(url(DunningStep, "delete", done.pk))
    gone = staff.post(url(DunningStep, "delete", idle.pk), {"post": "yes"})

    assert ("Days after due" in page, "/delete/" in page) == (True, False)
    assert (asked.status_code, gone.status_code) == (403, 302)
    assert list(DunningStep.objects.filter(pk__in=[done.pk, idle.pk])) == [done]


@pytest.mark.parametrize(
    "given",
    [
        {"days": "-1", "action": "OVERDUE", "template": ""},
        {"days": "3", "action": "REMIND", "template": ""},
        {"days": "0", "action": "OVERDUE", "template": ""},
        {"days": "4000", "action": "UNPAID", "template": ""},
    ],
)
def test_a_step_that_can_not_be_is_refused(staff: Client, db: None, given: Any) -> None:
    count = DunningStep.objects.count()

    answer = staff.post(url(DunningStep, "add"), given)

    assert (answer.status_code, DunningStep.objects.count()) == (200, count)


def test_a_mail_that_is_held_is_sent_after_a_question(staff: Client, world: World) -> None:
    mail = Mail.objects.order_by("created_at").first()
    assert mail is not None
    Mail.objects.filter(pk=mail.pk).update(status="HELD", due_at=None)
    page = staff.get(url(Mail, "change", mail.pk)).content.decode()

    act(staff, mail, "retry")

    mail.refresh_from_db()
    assert f"{mail.pk}/retry/" in page
    assert mail.status == "WAITING"
    assert f"{mail.pk}/retry/" not in staff.get(url(Mail, "change", mail.pk)).content.decode()


def test_a_parked_account_is_released_after_a_question(staff: Client, world: World) -> None:
    parked = ParkedAccount.objects.get()

    done = act(staff, parked, "release")

    assert not ParkedAccount.objects.exists()
    assert said(done) == [("success", "Parked Ltd is billed again.")]
    assert AuditEntry.objects.get(action="account.released").actor == "staff:ada"
