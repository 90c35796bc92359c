"""An invoice of ours that Stripe has too, and collects: made once, completed, paid, withdrawn.

The row is there before the invoice, with its lines; each request is made of it, under a key made of
it, and says only what is not there yet. So a crash at any point is mended by going on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from billing.kernel.money import Money
from billing.kernel.services import step
from billing.stripe.errors import StripeRefused
from billing.stripe.gateway import KEYS_KEPT_FOR, Gateway
from billing.stripe.values import InvoiceOrder, InvoiceState, StripeInvoiceLine
from invoicing.models import OPEN, Invoice
from paying.models import Intent
from paying.money.asking import noting
from paying.money.receiving import Source, end_settled, take_in
from paying.money.settling import taken_over
from paying.records import IntentStatus, Mode, Purpose, Way

S = IntentStatus
WITHOUT_MONEY: Final = "paid_without_money"
STANDING: Final = (S.OPEN, S.DECLINED)
"""What the customer may pay at Stripe still."""
SWEEP: Final = 100


def push(intent: Intent, *, stripe: Gateway, now: datetime) -> InvoiceState:
    """Bring the invoice to Stripe and have it paid; return what it is then. Safe to repeat.

    What is due no more when it could be paid is voided there. Raises StripeError.
    """
    with noting(intent):
        state = _made(intent, stripe=stripe, now=now)
        if state.status == "draft":
            state = stripe.complete_invoice(
                invoice_id=state.id, order=order_of(intent), idempotency_key=intent.key
            )
        if state.status != "open" or state.payment == "processing":
            return state
        if not Invoice.objects.filter(pk=intent.invoice_id, status__in=OPEN).exists():
            return _voided(intent, state, stripe=stripe)
        return stripe.pay_invoice(
            invoice_id=state.id,
            payment_method=intent.payment_method,
            idempotency_key=f"{intent.key}:pay:{intent.tries}",
        )


def _made(intent: Intent, *, stripe: Gateway, now: datetime) -> InvoiceState:
    """Return the invoice as Stripe has it, made if need be, and remember its id at once."""
    if intent.stripe_id:
        return stripe.invoice(invoice_id=intent.stripe_id) or gone(intent)
    rows: list[InvoiceState] = []
    if intent.spent_keys or now - intent.asked_at >= KEYS_KEPT_FOR / 2:
        rows = list(
            stripe.find_invoices(
                customer_id=intent.customer_id, reference=intent.id, since=intent.asked_at
            )
        )
    made = (
        rows[0]
        if rows
        else stripe.draft_invoice(order=order_of(intent), idempotency_key=intent.key)
    )
    note_made(intent_id=intent.id, stripe_id=made.id)
    return made


def order_of(intent: Intent) -> InvoiceOrder:
    """Return the request, all of it from the row: the same at each repetition."""
    return InvoiceOrder(
        reference=intent.id,
        invoice=intent.invoice_id,
        account=intent.account_id,
        customer_id=intent.customer_id,
        currency=intent.currency,
        description=f"Invoice {intent.invoice.number}",
        lines=[
            StripeInvoiceLine(description=words, amount=Money(minor, intent.currency))
            for words, minor in intent.lines
        ],
    )


def gone(intent: Intent) -> InvoiceState:
    """Return what stands for an invoice that Stripe does not have any more."""
    none = Money.zero(intent.currency)
    return InvoiceState(
        id=intent.stripe_id or "",
        status="void",
        customer_id=intent.customer_id,
        due=none,
        paid=none,
        reference=intent.id,
    )


@step
def note_made(*, intent_id: UUID, stripe_id: str) -> None:
    """Remember which invoice at Stripe it is, before anything stands on it."""
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    intent.stripe_id = intent.stripe_id or stripe_id
    intent.save(update_fields=["stripe_id"])
    Invoice.objects.filter(pk=intent.invoice_id).update(stripe_invoice_id=intent.stripe_id)


def status_of(state: InvoiceState) -> tuple[str, str]:
    """Return our word, and why it was not paid."""
    if state.status == "draft":
        return S.ASKED, ""
    if state.status == "open":
        if state.payment == "processing":
            return S.PROCESSING, ""
        return (S.DECLINED if state.failure else S.OPEN), state.failure
    if state.status == "paid":
        return (S.PAID, "") if state.paid else (S.CANCELED, WITHOUT_MONEY)
    return S.CANCELED, state.status


@step
def settle_push(*, intent_id: UUID, state: InvoiceState, now: datetime) -> Intent:
    """Take over what Stripe says; money that it took is received, once. Real time.

    Said twice, or after what decided it, it changes nothing.
    """
    target, failure = status_of(state)
    account, intent = taken_over(intent_id, stripe_id=state.id, target=target, failure=failure)
    if target == S.PAID:
        take_in(
            account,
            Source(stripe_id=state.id, intent_id=state.intent_id, charge_id=state.charge_id),
            amount=state.paid,
            invoice_id=intent.invoice_id,
            at=account.frozen_time or now,
            now=now,
        )
    end_settled(account)
    return intent


def _voided(intent: Intent, state: InvoiceState, *, stripe: Gateway) -> InvoiceState:
    """Void it; where it was paid meanwhile, or is being paid, return that."""
    try:
        left = stripe.void_invoice(invoice_id=state.id, idempotency_key=f"{intent.key}:void")
    except StripeRefused:
        left = stripe.invoice(invoice_id=state.id)
    return left or gone(intent)


def withdraw(intent: Intent, *, stripe: Gateway, now: datetime) -> None:
    """Void what is asked for no more. Where it was paid meanwhile, that is taken over."""
    state = stripe.invoice(invoice_id=intent.stripe_id or "") or gone(intent)
    if state.status in {"open", "uncollectible"}:
        state = _voided(intent, state, stripe=stripe)
    settle_push(intent_id=intent.id, state=state, now=now)


def outdated() -> Q:
    """Select the invoices at Stripe that ask for what is to be paid no more, or in another way."""
    settled = ~Q(invoice__status__in=OPEN)
    other = ~Q(account__paying__way=Way.INVOICE) | Q(account__paying__mode=Mode.LEAD)
    return Q(purpose=Purpose.PUSHED, status__in=STANDING) & (settled | other)


def withdraw_outdated(*, stripe: Gateway, now: datetime) -> None:
    """Void what was settled otherwise, so that nobody pays it twice. Raises StripeError."""
    rows = Intent.objects.select_related("invoice").filter(outdated())
    for intent in list(rows.order_by("asked_at")[:SWEEP]):
        withdraw(intent, stripe=stripe, now=now)


def again(intent: Intent, *, payment_method: str) -> Intent:
    """Ask once more for a declined one, under another key. Opens no transaction; is not saved."""
    intent.become(S.OPEN)
    intent.tries += 1
    intent.payment_method = payment_method
    return intent
