"""Dunning: what is done about unpaid invoices, and what they make of their subscription."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

from billing.accounts import audit
from billing.models import LockedAccount, Subscription
from billing.subscriptions.models import Standing
from billing.subscriptions.telling import tell as tell_subscription
from invoicing import mailing
from invoicing.models import OPEN, Invoice, InvoiceStatus
from invoicing.records import Dunning, DunningAction, DunningEntry, DunningStep
from invoicing.telling import tell as tell_invoice

Action = DunningAction
LATER_ONE_DUE: Final = "LATER_ONE_DUE"
DAY: Final = timedelta(hours=24)
ORDER: Final = (Action.OVERDUE, Action.UNPAID, Action.REMIND)
"""Of steps at one instant the states move first, so that a reminder says what is true then."""
LEVELS: Final = {Action.OVERDUE: Standing.PAST_DUE, Action.UNPAID: Standing.UNPAID}

AIM: Final = """
UPDATE invoicing_dunning d SET due_at = (
    SELECT min(d.base_at + s.days * interval '24 hours') FROM invoicing_dunningstep s
    WHERE s.is_active AND d.base_at + s.days * interval '24 hours' > d.done_until
        AND NOT EXISTS (SELECT FROM invoicing_dunningentry e
            WHERE e.invoice_id = d.invoice_id AND e.step_id = s.id))
WHERE d.closed_at IS NULL"""


def begin(invoices: Sequence[Invoice], *, due_at: datetime, now: datetime) -> None:
    """Put finalized invoices on the schedule. Steps that lie before their finalizing are left."""
    Dunning.objects.bulk_create(
        Dunning(
            invoice=invoice,
            account_id=invoice.account_id,
            base_at=due_at,
            done_until=now - timedelta(microseconds=1),
        )
        for invoice in invoices
    )
    _aim(invoices)


def _aim(invoices: Sequence[Invoice]) -> None:
    """Set the next step's instant by the schedule as it is now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"{AIM} AND d.invoice_id = ANY(%s)", [[one.pk for one in invoices]])


def reschedule() -> None:
    """Aim every open invoice anew, after the schedule changed. What lies behind stays behind."""
    with connection.cursor() as cursor:
        cursor.execute(AIM)


def take_steps(account: LockedAccount, row: Dunning, *, now: datetime) -> None:
    """Do the steps of the instant at which the row is due, each at most once per invoice."""
    instant = row.due_at
    assert instant is not None, "only what is due is taken"
    invoice = Invoice.objects.select_related("subscription").get(pk=row.invoice_id)
    for step in _steps_until(row, instant):
        _take(account, invoice, row, step, now=now)
    row.done_until = instant
    row.due_at = None
    row.save()
    _aim([invoice])
    stand(account, invoice, now=now)


def _steps_until(row: Dunning, instant: datetime) -> list[DunningStep]:
    open_steps = DunningStep.objects.filter(is_active=True).exclude(
        entries__invoice_id=row.invoice_id
    )
    due = [s for s in open_steps if row.done_until < row.base_at + s.days * DAY <= instant]
    return sorted(due, key=lambda s: (s.days, ORDER.index(Action(s.action)), s.pk))


def _take(
    account: LockedAccount, invoice: Invoice, row: Dunning, step: DunningStep, *, now: datetime
) -> None:
    """Move the states, write the mail, and remember the step."""
    before = invoice.status
    if step.action != Action.REMIND:
        row.level = max(row.level, LEVELS[Action(step.action)], key=_gravity)
        if invoice.status != InvoiceStatus.OVERDUE:
            invoice.mark_overdue()
            invoice.save(update_fields=["status"])
            tell_invoice(invoice, "overdue", now=now)
    note = _remind(account, invoice, row, step, now=now) if step.template else ""
    DunningEntry.objects.create(
        account=account,
        invoice=invoice,
        step=step,
        action=step.action,
        note=note,
        due_at=row.base_at + step.days * DAY,
        at=now,
    )
    audit.record(
        action=f"invoice.dunning_{step.action.lower()}",
        account_id=account.id,
        subject=invoice.pk,
        before={"status": before},
        after={"status": invoice.status, "days": step.days, "mail": note},
        now=now,
    )


def _remind(
    account: LockedAccount, invoice: Invoice, row: Dunning, step: DunningStep, *, now: datetime
) -> str:
    """Write the step's mail, unless a later one is due too; return what became of it."""
    others = DunningStep.objects.filter(is_active=True, days__gt=step.days).exclude(template="")
    if any(row.base_at + other.days * DAY <= now for other in others):
        return LATER_ONE_DUE
    about = f"invoice:{invoice.pk}:dunning:{step.pk}"
    return mailing.write(account, invoice, template=step.template, about=about, now=now)


def follow(account: LockedAccount, invoice: Invoice, *, now: datetime) -> None:
    """Let dunning end with what ended it: a payment, a credit note, a void, a write-off."""
    if invoice.status not in OPEN:
        Dunning.objects.filter(invoice=invoice, closed_at__isnull=True).update(
            closed_at=now, due_at=None
        )
    stand(account, invoice, now=now)


def stand(account: LockedAccount, invoice: Invoice, *, now: datetime) -> None:
    """Make the invoice's subscription what the worst of its open invoices says."""
    levels = Dunning.objects.filter(
        account=account, invoice__subscription_id=invoice.subscription_id, closed_at__isnull=True
    ).values_list("level", flat=True)
    worst = max(levels, key=_gravity, default="")
    subscription = Subscription.objects.locked(invoice.subscription_id, account=account)
    if subscription.standing == worst:
        return
    before = {"status": subscription.status, "standing": subscription.standing}
    subscription.stand(worst)
    subscription.updated_at = now
    subscription.save(update_fields=["status", "standing", "updated_at"])
    audit.record(
        action="subscription.standing",
        account_id=account.id,
        subject=subscription.pk,
        before=before,
        after={"status": subscription.status, "standing": worst},
        now=now,
    )
    tell_subscription(subscription, "standing_changed", now=now)


def hold(invoice: Invoice) -> None:
    """Do nothing more about an invoice that is asked for with another one: for good."""
    far = datetime.max.replace(tzinfo=UTC)
    Dunning.objects.filter(invoice=invoice, closed_at__isnull=True).update(
        due_at=None, done_until=far
    )


def _gravity(level: str) -> int:
    return ("", Standing.PAST_DUE, Standing.UNPAID).index(level)
