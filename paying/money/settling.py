"""What became of an amount that was asked for, taken over into our rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.kernel.services import step
from billing.models import Account, LockedAccount
from billing.stripe.values import IntentState
from paying.models import Intent
from paying.money.receiving import Source, take_in
from paying.records import IntentStatus

S = IntentStatus
STATUSES: Final[Mapping[str, str]] = {
    "requires_payment_method": S.OPEN,
    "requires_confirmation": S.OPEN,
    "requires_action": S.OPEN,
    "requires_capture": S.PROCESSING,
    "processing": S.PROCESSING,
    "succeeded": S.PAID,
    "canceled": S.CANCELED,
}


def status_of(state: IntentState) -> str:
    """Return our word: what waits for another card after a failure was declined."""
    if state.status == "requires_payment_method" and state.failure:
        return S.DECLINED
    return STATUSES[state.status]


def taken_over(
    intent_id: UUID, *, stripe_id: str, target: str, failure: str
) -> tuple[LockedAccount, Intent]:
    """Lock the account and move the attempt to `target`, where it may go there. Opens no
    transaction.
    """
    row = Intent.objects.get(pk=intent_id)
    account = Account.objects.lock(row.account_id, even_closed=True)
    intent = Intent.objects.select_related("invoice").get(pk=intent_id)
    if target in {intent.status, *intent.transitions[intent.status]}:
        intent.become(target, failure=failure)
    intent.stripe_id = intent.stripe_id or stripe_id
    intent.save(update_fields=["status", "failure", "stripe_id"])
    return account, intent


@step
def settle_intent(*, intent_id: UUID, state: IntentState, now: datetime) -> Intent:
    """Take over what Stripe says; money that it took is received, once. Real time.

    Said twice, or after what decided it, it changes nothing.
    """
    target = status_of(state)
    account, intent = taken_over(
        intent_id, stripe_id=state.id, target=target, failure=state.failure
    )
    if target == S.PAID and state.received.minor > 0:
        source = Source(stripe_id=state.id, intent_id=state.id, charge_id=state.charge_id)
        take_in(
            account,
            source,
            amount=state.received,
            invoice_id=intent.invoice_id,
            at=account.frozen_time or now,
            now=now,
        )
    return intent
