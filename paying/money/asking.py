"""Asking Stripe for an amount, once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from billing.kernel.money import Money
from billing.kernel.services import step
from billing.stripe.errors import StripeKeySpent, StripeRefused
from billing.stripe.gateway import KEYS_KEPT_FOR, Gateway
from billing.stripe.values import IntentOrder, IntentState
from paying.models import Intent
from paying.money.settling import settle_intent
from paying.records import IntentStatus


def ask_stripe(intent: Intent, *, stripe: Gateway, now: datetime) -> IntentState:
    """Return the intent as Stripe has it, asked for if need be. Safe to repeat at any point.

    Within the time that Stripe keeps keys a repetition is the same request. Later it is looked
    for among the customer's intents by our reference, and only what is not there is asked for.
    """
    if intent.stripe_id:
        found = stripe.intent(intent_id=intent.stripe_id)
        if found is not None:
            return found
        return gone(intent)
    if intent.spent_keys or now - intent.asked_at >= KEYS_KEPT_FOR / 2:
        rows = stripe.find_intents(
            customer_id=intent.customer_id, reference=intent.id, since=intent.asked_at
        )
        if rows:
            return rows[0]
    with noting(intent):
        return stripe.create_intent(order=order_of(intent), idempotency_key=intent.key)


def order_of(intent: Intent) -> IntentOrder:
    """Return the request, all of it from the row: the same at each repetition."""
    return IntentOrder(
        reference=intent.id,
        invoice=intent.invoice_id,
        account=intent.account_id,
        customer_id=intent.customer_id,
        amount=Money(intent.amount_minor, intent.currency),
        description=f"Invoice {intent.invoice.number}",
        payment_method=intent.payment_method,
    )


def gone(intent: Intent) -> IntentState:
    """Return what stands for an intent that Stripe does not have any more."""
    amount = Money(intent.amount_minor, intent.currency)
    return IntentState(
        id=intent.stripe_id or "",
        status="canceled",
        amount=amount,
        received=Money.zero(intent.currency),
        reference=intent.id,
    )


@contextmanager
def noting(intent: Intent) -> Iterator[None]:
    """Write down of a request what its repetition has to know: that it is refused, or its key
    spent. Raises what it raised.
    """
    try:
        yield
    except StripeKeySpent:
        note_spent(intent_id=intent.id, key=intent.key)
        raise
    except StripeRefused as error:
        note_refused(intent_id=intent.id, reason=error.reason)
        raise


@step
def note_refused(*, intent_id: UUID, reason: str) -> None:
    """Stripe will not take this request: the next one is another, under another key."""
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    if intent.status == IntentStatus.ASKED:
        intent.become(IntentStatus.REFUSED, failure=reason)
        intent.save(update_fields=["status", "failure"])


@step
def note_spent(*, intent_id: UUID, key: str) -> None:
    """Stripe keeps a failure under this key: what is not found next time is asked under another."""
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    if intent.key == key and intent.status == IntentStatus.ASKED:
        intent.spent_keys += 1
        intent.save(update_fields=["spent_keys"])


def cancel_at_stripe(intent: Intent, *, stripe: Gateway, now: datetime) -> None:
    """Cancel what is asked for no more. Where it was paid meanwhile, that is taken over."""
    state = ask_stripe(intent, stripe=stripe, now=now)
    left = stripe.cancel_intent(intent_id=state.id, idempotency_key=f"{intent.key}:cancel")
    settle_intent(intent_id=intent.id, state=left or gone(intent), now=now)
