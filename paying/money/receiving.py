"""Money that Stripe took: on the invoice that it is for, on others that waited, else credit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import audit
from billing.credits import ledger
from billing.kernel.money import Money
from billing.models import LockedAccount
from invoicing.collecting import add_payment
from invoicing.models import OPEN, Invoice, InvoiceStatus
from paying.models import Collection, Receipt
from paying.money.early import wake_early_ones
from paying.records import CollectionStatus
from paying.telling import tell_received

BEYOND_DUE: Final = "Paid through Stripe beyond what was due"
PAYABLE: Final = (*OPEN, InvoiceStatus.UNCOLLECTIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the money came from: `stripe_id` makes that it is received once."""

    stripe_id: str
    intent_id: str = ""
    charge_id: str = ""


def take_in(
    account: LockedAccount,
    source: Source,
    *,
    amount: Money,
    invoice_id: UUID | None,
    at: datetime,
    now: datetime,
) -> Receipt:
    """Receive money, once: first what is due of its invoice, then of those that were carried over
    to it, and of all that is open where it is for none; the rest becomes credit.

    `at` is the account's time, `now` real time. Opens no transaction: the account is locked.
    """
    known = Receipt.objects.filter(pk=source.stripe_id).first()
    if known is not None:
        return _complete(known, source)
    receipt = Receipt(
        stripe_id=source.stripe_id,
        account=account,
        invoice_id=invoice_id,
        intent_id=source.intent_id,
        charge_id=source.charge_id,
        currency=amount.currency,
        amount_minor=amount.minor,
        created_at=now,
    )
    left = _on_invoices(account, receipt, at=at)
    if left and amount.currency == account.currency:
        grant = ledger.grant(account, amount_minor=left, reason=BEYOND_DUE, now=at)
        receipt.credited_minor, receipt.credit_id = left, grant.pk
    elif left:
        receipt.unexplained_minor = left
    receipt.save(force_insert=True)
    end_settled(account)
    wake_early_ones(receipt.intent_id, now=now)
    audit.record(
        action="stripe.received",
        account_id=account.id,
        subject=source.stripe_id,
        after={"amount": amount.minor, "credited": receipt.credited_minor},
        now=at,
    )
    tell_received(receipt, now=at)
    return receipt


def _on_invoices(account: LockedAccount, receipt: Receipt, *, at: datetime) -> int:
    """Put the money on what it is for; return what is left of it."""
    left = receipt.amount_minor
    for invoice in _targets(account, receipt.invoice_id, receipt.currency):
        part = min(left, invoice.amount_due_minor)
        if part <= 0:
            continue
        reference = f"stripe:{receipt.stripe_id}"
        money = Money(part, receipt.currency)
        add_payment(account, invoice, money, reference=reference, paid_at=at, now=at)
        receipt.invoice_id = receipt.invoice_id or invoice.pk
        left -= part
    return left


def end_settled(account: LockedAccount) -> None:
    """End the collecting of what is paid now, by whatever way the money came."""
    rows = Collection.objects.filter(account=account).exclude(status=CollectionStatus.ENDED)
    settled = rows.exclude(invoice__status__in=OPEN)
    settled.update(status=CollectionStatus.ENDED, due_at=None, tell_at=None, failure="")


def _complete(receipt: Receipt, source: Source) -> Receipt:
    """Note ids that were not known when it was received first."""
    for name in ("intent_id", "charge_id"):
        if not getattr(receipt, name):
            setattr(receipt, name, getattr(source, name))
    receipt.save(update_fields=["intent_id", "charge_id"])
    return receipt


def _targets(account: LockedAccount, invoice_id: UUID | None, currency: str) -> Iterator[Invoice]:
    """Yield what the money is for, in order. What its invoice no longer needs is no one else's
    but those that were carried over to it.
    """
    payable = Invoice.objects.filter(account=account, currency=currency, status__in=PAYABLE)
    payable = payable.select_related("period")
    if invoice_id is None:
        yield from payable.order_by("finalized_at", "pk")
        return
    yield from payable.filter(pk=invoice_id)
    carried = Collection.objects.filter(account=account, status=CollectionStatus.CARRIED)
    ids = carried.exclude(pk=invoice_id).values("pk")
    yield from payable.filter(pk__in=ids).order_by("finalized_at", "pk")
