"""`payment_intent.*`: what was asked for is paid, declined, or waits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.kernel.services import service
from billing.models import Account
from billing.stripe.gateway import Gateway
from billing.stripe.values import IntentState
from invoicing.models import Invoice
from paying.models import Intent
from paying.money.collecting import follow_intent
from paying.money.receiving import Source, take_in
from paying.money.settling import settle_intent
from paying.syncing import drifting
from paying.syncing.done import GONE, NOT_OURS, Done


def sync_intent(intent_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over what became of a payment intent. One that is none of ours is left alone: what
    pays an invoice of Stripe's own is told by that invoice.
    """
    state = stripe.intent(intent_id=intent_id)
    if state is None:
        return GONE
    row = Intent.objects.filter(stripe_id=intent_id).first()
    if row is None and state.reference is not None:
        row = Intent.objects.filter(pk=state.reference).first()
    if row is not None:
        settled = settle_intent(intent_id=row.id, state=state, now=now)
        follow_intent(intent_id=row.id, now=now)
        outcome = f"the payment is {settled.status}"
        return Done(outcome, settled.account_id, state.status, drift=_drift(state))
    return _of_a_page(state, now=now)


def _drift(state: IntentState) -> str:
    return drifting.of_money(state.id, state.received, is_taken=state.status == "succeeded")


def _of_a_page(state: IntentState, *, now: datetime) -> Done:
    """Receive what was paid on a page that was opened for one invoice."""
    invoice = Invoice.objects.filter(pk=state.invoice).first() if state.invoice else None
    if invoice is None:
        return NOT_OURS
    if state.status == "succeeded":
        receive(account_id=invoice.account_id, invoice_id=invoice.pk, state=state, now=now)
    return Done("paid on a page", invoice.account_id, state.status, drift=_drift(state))


@service
def receive(*, account_id: UUID, invoice_id: UUID, state: IntentState, now: datetime) -> None:
    """Receive what an intent without a row of ours took, once."""
    account = Account.objects.lock(account_id, even_closed=True)
    source = Source(stripe_id=state.id, intent_id=state.id, charge_id=state.charge_id)
    take_in(
        account,
        source,
        amount=state.received,
        invoice_id=invoice_id,
        at=account.frozen_time or now,
        now=now,
    )
