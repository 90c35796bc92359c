"""What comes in for an invoice, or never will: payments, and writing it off."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from billing.accounts import audit
from billing.credits.services import given_amount
from billing.kernel.constraints import refusing
from billing.kernel.errors import AlreadyExists, InvalidTransition, invalid
from billing.kernel.money import Money
from billing.kernel.services import service
from billing.models import Account, LockedAccount
from invoicing import dunning
from invoicing.errors import PaymentAboveDue
from invoicing.models import OPEN, Invoice, InvoiceStatus
from invoicing.records import Payment
from invoicing.services import locked_invoice
from invoicing.telling import tell, tell_payment

PAYABLE = (*OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE)


@service
def record_payment(
    *,
    account_id: UUID,
    invoice_id: UUID,
    amount: object,
    reference: str = "",
    paid_at: datetime | None = None,
    now: datetime,
) -> Invoice:
    """Record money that came in outside of Stripe: PARTIALLY_PAID, or PAID once nothing is due.

    Also for an invoice of a customer that was deleted: it is owed all the same.
    An UNCOLLECTIBLE invoice stays so until it is paid in full. `paid_at` is `now` by default, and
    lies between the start (UTC) of the issue date and now. Raises NotFound, InvalidRequest,
    InvalidTransition for a draft or a void one, PaymentAboveDue, AlreadyExists for a reference
    that the invoice has.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    invoice = locked_invoice(account, invoice_id)
    money = given_amount(amount, invoice.currency)
    _require_payable(invoice, money, reference)
    came_at = _when(invoice, paid_at, now=now)
    return add_payment(account, invoice, money, reference=reference, paid_at=came_at, now=now)


def add_payment(
    account: LockedAccount,
    invoice: Invoice,
    money: Money,
    *,
    reference: str,
    paid_at: datetime,
    now: datetime,
) -> Invoice:
    """Put money that came in on an invoice that takes it, within the caller's transaction.

    Never more than is due. Raises AlreadyExists for a reference that the invoice has.
    """
    payment = Payment(
        account=account,
        invoice=invoice,
        currency=invoice.currency,
        amount_minor=money.minor,
        reference=reference,
        paid_at=paid_at,
        created_at=now,
    )
    with refusing(payment_reference_once=AlreadyExists(what="a payment with this reference")):
        payment.save(force_insert=True)
    before = _state(invoice)
    invoice.amount_paid_minor += money.minor
    invoice.settle(at=paid_at)
    invoice.save(update_fields=["amount_paid_minor", "status", "paid_at"])
    dunning.follow(account, invoice, now=now)
    audit.record(
        action="invoice.payment_recorded",
        account_id=account.id,
        subject=invoice.pk,
        before=before,
        after={**_state(invoice), "payment": str(payment.pk), "reference": reference},
        now=now,
    )
    tell_payment(invoice, str(before["status"]), now=now)
    return invoice


def _require_payable(invoice: Invoice, money: Money, reference: str) -> None:
    """Raise InvalidTransition, AlreadyExists for a known reference, PaymentAboveDue."""
    if invoice.status not in PAYABLE:
        target = InvoiceStatus.PARTIALLY_PAID
        raise InvalidTransition(noun="invoice", current=invoice.status, target=target)
    if reference and invoice.payments.filter(reference=reference).exists():
        raise AlreadyExists(what="a payment with this reference on the invoice")
    if money.minor > invoice.amount_due_minor:
        due = Money(invoice.amount_due_minor, invoice.currency)
        raise PaymentAboveDue(amount_due=due.amount, currency=due.currency)


def _when(invoice: Invoice, paid_at: datetime | None, *, now: datetime) -> datetime:
    """Return when it came. Raises InvalidRequest."""
    if paid_at is None:
        return now
    if paid_at > now:
        raise invalid("paidAt", "must not be in the future")
    assert invoice.issue_date is not None, "what is payable was issued"
    if paid_at.astimezone(UTC).date() < invoice.issue_date:
        raise invalid("paidAt", "must not be before the invoice's issue date")
    return paid_at


def _state(invoice: Invoice) -> dict[str, object]:
    return {"status": invoice.status, "amountPaid": invoice.amount_paid_minor}


@service
def mark_uncollectible(*, account_id: UUID, invoice_id: UUID, now: datetime) -> Invoice:
    """Write an open invoice off: it is asked for no more, and may still be paid or voided.

    Also one of a customer that was deleted. Raises NotFound, InvalidTransition.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    invoice = locked_invoice(account, invoice_id)
    before = invoice.status
    invoice.mark_uncollectible()
    invoice.save(update_fields=["status"])
    dunning.follow(account, invoice, now=now)
    audit.record(
        action="invoice.marked_uncollectible",
        account_id=account.id,
        subject=invoice.pk,
        before={"status": before},
        after={"status": invoice.status, "amountDue": invoice.amount_due_minor},
        now=now,
    )
    tell(invoice, "marked_uncollectible", now=now)
    return invoice
