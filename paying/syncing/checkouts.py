"""`checkout.session.completed`: what was bought on a page is put into force."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.kernel import clock
from billing.kernel.services import service
from billing.models import Account, Subscription
from billing.stripe.gateway import Gateway
from billing.stripe.values import CheckoutState
from billing.subscriptions.catch_up import catch_up
from paying.buying.checkout import note_expired
from paying.models import Checkout, Profile
from paying.money.methods import note_method
from paying.records import CheckoutStatus, Mode
from paying.syncing.done import GONE, NOT_OURS, Done
from paying.syncing.intents import sync_intent
from paying.syncing.plans import put_on_plan
from paying.syncing.subscriptions import sync_subscription
from paying.telling import tell_bought


def sync_checkout(checkout_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over what became of a page: bought on, expired, or open still."""
    state = stripe.checkout(checkout_id=checkout_id)
    if state is None:
        return GONE
    if state.reference is None:
        return NOT_OURS
    if state.intent_id:
        return sync_intent(state.intent_id, stripe=stripe, now=now)
    rows = Checkout.objects.select_related("account__test_clock", "plan_version__plan")
    found = rows.filter(pk=state.reference).first()
    if found is None:
        return NOT_OURS
    if state.status == "complete" and found.status != CheckoutStatus.DONE:
        complete(found, state, stripe=stripe, now=now)
    elif state.status == "expired":
        note_expired(checkout_id=found.id)
    return Done(f"the page is {state.status}", found.account_id, state.status)


def complete(checkout: Checkout, state: CheckoutState, *, stripe: Gateway, now: datetime) -> None:
    """Put what was bought into force. Each step may be repeated: a crash between is mended by
    doing all of it again.
    """
    account = checkout.account
    its_now = clock.now_for(account)
    if state.subscription_id:
        replace_led(checkout, state, stripe=stripe)
        choose(account_id=account.id, mode=Mode.LEAD)
    elif state.payment_method:
        # Set twice it is the same: each reading has its key, as a failure may be kept under one.
        reading = int(now.timestamp() * 1_000_000)
        stripe.set_payment_method(
            customer_id=state.customer_id,
            payment_method=state.payment_method,
            idempotency_key=f"checkout:{checkout.id}:default:{reading}",
        )
        note_method(account_id=account.id, payment_method=state.payment_method, now=now)
        choose(account_id=account.id, mode=Mode.COLLECT)
    subscription = put_on_plan(
        account.id, checkout.plan_version, trial_days=checkout.trial_days, now=its_now
    )
    finish(
        checkout_id=checkout.id,
        stripe_id=state.id,
        subscription_id=subscription.id,
        led_by=state.subscription_id,
        now=now,
    )
    if state.subscription_id:
        sync_subscription(state.subscription_id, stripe=stripe, now=now)
    catch_up(account, now=its_now)


def replace_led(checkout: Checkout, state: CheckoutState, *, stripe: Gateway) -> None:
    """End the subscription at Stripe that led before this one: money is asked for once."""
    live = Subscription.objects.live().filter(account_id=checkout.account_id).first()
    old = "" if live is None else live.stripe_subscription_id
    if old and old != state.subscription_id:
        stripe.cancel_subscription(
            subscription_id=old, idempotency_key=f"checkout:{checkout.id}:replaces:{old}"
        )


@service
def choose(*, account_id: UUID, mode: str) -> None:
    """Note who asks for the money from now on, unless staff chose it."""
    account = Account.objects.lock(account_id)
    profile, _ = Profile.objects.get_or_create(account=account)
    if not profile.chosen and profile.mode != mode:
        profile.mode = mode
        profile.save(update_fields=["mode"])


@service
def finish(
    *, checkout_id: UUID, stripe_id: str, subscription_id: UUID, led_by: str, now: datetime
) -> None:
    """Take note that it is in force, and which of Stripe's subscriptions leads ours."""
    row = Checkout.objects.get(pk=checkout_id)
    account = Account.objects.lock(row.account_id)
    checkout = Checkout.objects.get(pk=checkout_id)
    if checkout.status == CheckoutStatus.DONE:
        return
    checkout.complete(stripe_id, now=now)
    checkout.save(update_fields=["status", "stripe_id", "done_at"])
    Subscription.objects.filter(pk=subscription_id, account=account).update(
        stripe_subscription_id=led_by
    )
    audit.record(
        action="checkout.completed",
        account_id=account.id,
        subject=checkout.id,
        after={"planVersion": str(checkout.plan_version_id), "stripe": stripe_id},
        now=now,
    )
    tell_bought(checkout, now=account.frozen_time or now)
