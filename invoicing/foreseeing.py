"""What the billing run would do up to an instant: it is done, told, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from billing.kernel.errors import BillingError
from billing.kernel.money import Money
from billing.models import (
    Account,
    CreditEntry,
    InvoiceDue,
    LockedAccount,
    Subscription,
)
from invoicing import drafting, due
from invoicing.models import Invoice, InvoiceStatus
from invoicing.records import DunningEntry
from invoicing.run import PASSING, STEP_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One step that the run would take, when, and what would come of it, in words for staff."""

    at: datetime
    account_id: UUID
    source: str
    result: str


def foresee(*, account_id: UUID, until: datetime, now: datetime) -> list[Foreseen]:
    """Return the steps of an account that fall due by `until`, in their order.

    Each is taken at its instant, or at `now`, the account's time, where that has passed. All is
    one transaction that is rolled back: nothing is written, no number is used up and no mail is
    sent; the account and the series of its numbers are locked meanwhile. A step that fails is the
    last one. At most STEP_LIMIT of them are looked at.
    """
    with transaction.atomic():
        account = Account.objects.lock(account_id, even_closed=True)
        found = list(_steps(account, until=until, now=now))
        transaction.set_rollback(True)
    return found


def _steps(account: LockedAccount, *, until: datetime, now: datetime) -> Iterator[Foreseen]:
    at = now
    for _ in range(STEP_LIMIT):
        work = due.earliest(account.id, now=until)
        if work is None:
            return
        at = max(at, work.due_at)
        failure = _take(account, work, at=at)
        yield Foreseen(
            at=at,
            account_id=account.id,
            source=work.source.name,
            result=failure or TOLD[work.source.name](account, work.key),
        )
        if failure:
            return


def _take(account: LockedAccount, work: due.Work, *, at: datetime) -> str:
    """Take a step; return why the account would be parked instead, if it would."""
    try:
        with transaction.atomic():
            work.take(account, now=at)
            with connection.cursor() as cursor:  # what a commit would ask
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  the run would park the account, whatever it is
        code = error.code if isinstance(error, BillingError) else type(error).__name__
        return f"the account would be parked: {code}: {error}"
    return ""


def _expiry(account: LockedAccount, key: str) -> str:
    entry = CreditEntry.objects.filter(grant=UUID(key), kind=CreditEntry.Kind.EXPIRY).latest("id")
    return f"{_money(account, -entry.amount_minor)} of credit expire"


def _moved(_account: LockedAccount, key: str) -> str:
    subscription = Subscription.objects.select_related("plan_version__plan").get(pk=key)
    period = subscription.periods.order_by("-sequence").first()
    told = f"{subscription.status}, plan {subscription.plan_version.plan.code}"
    if period is None or subscription.status == "CANCELLED":
        return told
    return f"{told}, period {period.start_at:%Y-%m-%d %H:%M} to {period.end_at:%Y-%m-%d %H:%M}"


def _billed(account: LockedAccount, key: str) -> str:
    row = InvoiceDue.objects.select_related("period").get(pk=key)
    invoice = drafting.existing(row.period, row.kind)
    if invoice is None:
        return "no invoice: there is nothing on it"
    return _invoice(account, invoice)


def _dunned(account: LockedAccount, key: str) -> str:
    invoice = Invoice.objects.get(pk=key)
    entries = DunningEntry.objects.filter(invoice=invoice).order_by("-due_at", "-id")
    last = entries.first()
    step = "no step" if last is None else last.action
    return f"{step}: {_invoice(account, invoice)}"


def _invoice(account: LockedAccount, invoice: Invoice) -> str:
    name = invoice.number if invoice.status != InvoiceStatus.DRAFT else "a draft"
    total, left = invoice.total_minor, invoice.amount_due_minor
    return f"{invoice.status} {name}, total {_money(account, total)}, due {_money(account, left)}"


def _money(account: LockedAccount, minor: int) -> str:
    return f"{Money(minor, account.currency).amount} {account.currency}"


TOLD: Final[dict[str, Callable[[LockedAccount, str], str]]] = {
    "credit expiry": _expiry,
    "subscription": _moved,
    "invoice": _billed,
    "dunning": _dunned,
}
