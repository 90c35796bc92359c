"""`charge.refunded` and `charge.dispute.*`: money that went back."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from billing.stripe.gateway import Gateway
from billing.stripe.values import ChargeState
from paying.models import Receipt
from paying.money.refunding import note_dispute, refund
from paying.syncing import drifting
from paying.syncing.done import GONE, NOT_OURS, Done

LOST = "lost"


def sync_charge(charge_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over what went back of a charge."""
    state = stripe.charge(charge_id=charge_id)
    if state is None:
        return GONE
    receipt = _receipt(state)
    if receipt is None:
        return NOT_OURS
    refund(stripe_id=receipt.stripe_id, refunded=state.refunded, why="Refunded at Stripe", now=now)
    outcome = f"{state.refunded.amount} {state.refunded.currency} went back"
    status = "refunded" if state.refunded.minor else "paid"
    receipt.refresh_from_db()
    return Done(outcome, receipt.account_id, status, drift=drifting.of_charge(receipt, state))


def sync_dispute(dispute_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over how a dispute stands; a lost one is money that went back."""
    state = stripe.dispute(dispute_id=dispute_id)
    if state is None:
        return GONE
    charge = stripe.charge(charge_id=state.charge_id)
    receipt = None if charge is None else _receipt(charge)
    if charge is None or receipt is None:
        return NOT_OURS
    note_dispute(stripe_id=receipt.stripe_id, status=state.status, now=now)
    if state.status == LOST:
        gone = charge.refunded + state.amount
        refund(stripe_id=receipt.stripe_id, refunded=gone, why="A lost dispute", now=now)
    return Done(f"the dispute is {state.status}", receipt.account_id, state.status)


def _receipt(charge: ChargeState) -> Receipt | None:
    by = Q(charge_id=charge.id)
    if charge.intent_id:
        by |= Q(intent_id=charge.intent_id) | Q(stripe_id=charge.intent_id)
    return Receipt.objects.filter(by).first()
