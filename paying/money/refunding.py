"""Money that went back at Stripe: a credit note that is paid out, or credit that ends."""

from __future__ import annotations

from datetime import datetime

from billing.accounts import audit
from billing.credits import ledger
from billing.kernel.errors import InvalidTransition
from billing.kernel.money import Money
from billing.kernel.services import service
from billing.models import Account, LockedAccount
from invoicing.crediting import credit
from invoicing.errors import CreditAboveInvoice, NothingToCredit
from invoicing.models import Invoice
from paying.models import Receipt
from paying.telling import tell_disputed, tell_refunded


@service
def refund(*, stripe_id: str, refunded: Money, why: str, now: datetime) -> None:
    """Follow what went back of a receipt in all, up to what it was. Said twice, nothing more.

    What had become credit is taken from there; the rest is credited on the invoice and paid out.
    What fits neither, as on an invoice with something left to pay, is kept as unexplained for
    staff to look at.
    """
    peek = Receipt.objects.get(pk=stripe_id)
    account = Account.objects.lock(peek.account_id, even_closed=True)
    receipt = Receipt.objects.select_related("invoice__period").get(pk=stripe_id)
    total = min(refunded.minor, receipt.amount_minor)
    left = total - receipt.refunded_minor
    if left <= 0:
        return
    at = account.frozen_time or now
    left -= _from_credit(account, receipt, left, now=at)
    left -= _from_invoice(account, receipt, left, why=why, now=at)
    receipt.refunded_minor = total
    receipt.unexplained_minor += left
    receipt.save(update_fields=["refunded_minor", "unexplained_minor"])
    audit.record(
        action="stripe.refunded",
        account_id=account.id,
        subject=stripe_id,
        after={"refunded": total, "unexplained": receipt.unexplained_minor},
        now=at,
    )
    tell_refunded(receipt, now=at)


def _from_credit(account: LockedAccount, receipt: Receipt, amount: int, *, now: datetime) -> int:
    if receipt.credit_id is None or amount <= 0:
        return 0
    return ledger.pay_out(account, receipt.credit_id, most_minor=amount, now=now)


def _from_invoice(
    account: LockedAccount, receipt: Receipt, amount: int, *, why: str, now: datetime
) -> int:
    invoice: Invoice | None = receipt.invoice
    if invoice is None or amount <= 0 or invoice.amount_due_minor > 0:
        return 0
    money = Money(amount, receipt.currency)
    try:
        note = credit(account, invoice, amount=money.amount, reason=why, now=now)
    except (CreditAboveInvoice, NothingToCredit, InvalidTransition):
        return 0
    if note.grant_id is not None:
        ledger.pay_out(account, note.grant_id, most_minor=note.credit_granted_minor, now=now)
    return note.total_minor


@service
def note_dispute(*, stripe_id: str, status: str, now: datetime) -> None:
    """Note how the bank's claim stands."""
    peek = Receipt.objects.get(pk=stripe_id)
    account = Account.objects.lock(peek.account_id, even_closed=True)
    receipt = Receipt.objects.get(pk=stripe_id)
    if receipt.dispute == status:
        return
    before, receipt.dispute = receipt.dispute, status
    receipt.save(update_fields=["dispute"])
    audit.record(
        action="stripe.disputed",
        account_id=account.id,
        subject=stripe_id,
        before={"dispute": before},
        after={"dispute": status},
        now=account.frozen_time or now,
    )
    tell_disputed(receipt, now=account.frozen_time or now)
