"""Beginning an attempt: which amount is asked for, in which way, and the row that says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from billing.kernel.money import Money
from billing.kernel.services import step
from billing.models import Account, LockedAccount
from billing.stripe.amounts import chargeable
from billing.stripe.gateway import Gateway
from invoicing.dunning import hold
from invoicing.models import OPEN, Invoice
from paying.models import Collection, Intent, Profile
from paying.money import pushing
from paying.money.itemizing import Line, lines_for
from paying.money.methods import noted_method
from paying.records import TAKEN, CollectionStatus, IntentStatus, Mode, Purpose, Way

S = CollectionStatus
LOOK_AGAIN: Final = timedelta(hours=6)
"""How long an undecided attempt rests before it is looked at, should its event be lost."""
UNKNOWN_AGAIN: Final = timedelta(minutes=2)


@step
def begin(*, invoice_id: UUID, payment_method: str, now: datetime) -> Intent | None:
    """Record the attempt, or return the one that is undecided; None where there is none to make.

    Meanwhile nobody else takes it up: should we die, it is due again in a few minutes.
    """
    peek = Collection.objects.get(pk=invoice_id)
    account = Account.objects.lock(peek.account_id, even_closed=True)
    row = Collection.objects.select_related("invoice").get(pk=invoice_id)
    if row.due_at is None or row.due_at > now:
        return None
    intent = _attempt(account, row, payment_method, now=now)
    if intent is not None:
        row.status, row.due_at = S.DUE, now + UNKNOWN_AGAIN
    row.save()
    return intent


def _attempt(
    account: LockedAccount, row: Collection, payment_method: str, *, now: datetime
) -> Intent | None:
    rows = Intent.objects.select_related("invoice").filter(invoice_id=row.pk)
    running = rows.filter(purpose__in=TAKEN).undecided().first()
    if running is not None:
        return running
    invoice = row.invoice
    if not _is_collected(account, invoice):
        rest(row, S.ENDED)
        return None
    if rows.filter(status=IntentStatus.PROCESSING).exists():
        row.status, row.due_at = S.WAITING, now + LOOK_AGAIN  # the customer has paid by itself
        return None
    if noted_method(account.pk) != payment_method:
        return None  # another card was noted since it was read: it stays due
    amount = chargeable(amount_of(account, invoice))
    if not amount:
        hold(invoice)
    if not amount or not payment_method:
        rest(row, S.NO_METHOD if amount else S.CARRIED)
        return None
    return _next(account, row, amount, payment_method, now=now)


def _next(
    account: LockedAccount, row: Collection, amount: Money, payment_method: str, *, now: datetime
) -> Intent | None:
    """Go on with what was declined at Stripe's invoice, or ask for something new."""
    left = _declined_push(row.pk)
    if left is None:
        return _made(account, row.invoice, amount, payment_method, now=now)
    if not _fits(account, left):
        row.due_at = now + UNKNOWN_AGAIN  # until it is withdrawn: it may be paid still
        return None
    pushing.again(left, payment_method=payment_method).save()
    return left


def _made(
    account: LockedAccount, invoice: Invoice, amount: Money, payment_method: str, *, now: datetime
) -> Intent:
    """Record what is asked for: an amount, or an invoice with our lines."""
    purpose, lines = Purpose.AUTOMATIC, list[Line]()
    if _pushes(account):
        purpose = Purpose.PUSHED
        lines = lines_for(invoice, carried_to(account, invoice), amount)
    return Intent.objects.create(
        account=account,
        invoice=invoice,
        purpose=purpose,
        number=Intent.objects.filter(invoice=invoice, purpose=purpose).count(),
        lines=lines,
        amount_minor=amount.minor,
        currency=amount.currency,
        customer_id=account.stripe_customer_id,
        payment_method=payment_method,
        asked_at=now,
    )


def _is_collected(account: LockedAccount, invoice: Invoice) -> bool:
    """Say whether Stripe shall collect it still."""
    leads = Profile.objects.filter(pk=account.id, mode=Mode.LEAD).exists()
    is_open = invoice.status in OPEN and account.closed_at is None
    return is_open and bool(account.stripe_customer_id) and not leads


def rest(row: Collection, status: str) -> None:
    row.status, row.due_at = status, None


def amount_of(account: Account, invoice: Invoice) -> Money:
    """Return what is due of an invoice, and of those that were too little and wait for it."""
    due = sum(one.amount_due_minor for one in (invoice, *carried_to(account, invoice)))
    return Money(due, invoice.currency)


def carried_to(account: Account, invoice: Invoice) -> list[Invoice]:
    """Return the invoices that were too little to charge alone, and wait for this one."""
    carried = Invoice.objects.filter(
        account=account,
        currency=invoice.currency,
        status__in=OPEN,
        collection__status=S.CARRIED,
    ).exclude(pk=invoice.pk)
    return list(carried.order_by("finalized_at", "pk"))


def withdraw_other(account: Account, invoice_id: UUID, *, stripe: Gateway, now: datetime) -> None:
    """Void what the invoice has at Stripe, where it asks for another amount than is due now."""
    left = _declined_push(invoice_id)
    if left is not None and not _fits(account, left):
        pushing.withdraw(left, stripe=stripe, now=now)


def _declined_push(invoice_id: UUID) -> Intent | None:
    rows = Intent.objects.select_related("invoice").filter(invoice_id=invoice_id)
    rows = rows.filter(purpose=Purpose.PUSHED, status=IntentStatus.DECLINED)
    return rows.order_by("-number").first()


def _fits(account: Account, push: Intent) -> bool:
    amount = chargeable(amount_of(account, push.invoice))
    is_same = push.amount_minor == amount.minor and push.currency == amount.currency
    return is_same and push.customer_id == account.stripe_customer_id and _pushes(account)


def _pushes(account: Account) -> bool:
    """Say whether Stripe shall have the account's invoices, and not only their amounts."""
    return Profile.objects.filter(pk=account.pk, way=Way.INVOICE).exists()
