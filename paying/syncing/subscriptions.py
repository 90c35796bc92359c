"""`customer.subscription.*`: where Stripe leads, ours follows."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import audit
from billing.kernel import clock
from billing.kernel.services import service
from billing.models import Account, PlanVersion, Subscription
from billing.stripe.gateway import Gateway
from billing.stripe.values import SubscriptionState
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.ending import cancel_subscription, reactivate_subscription
from billing.subscriptions.models import SubscriptionStatus
from billing.subscriptions.pausing import pause_subscription, resume_subscription
from billing.subscriptions.states import Standing
from paying.errors import PlanNotKnown
from paying.models import Checkout, Profile
from paying.records import CheckoutStatus, Mode
from paying.syncing import drifting
from paying.syncing.done import GONE, NOT_OURS, Done, account_of
from paying.syncing.drifting import OVER
from paying.syncing.plans import put_on_plan

S = SubscriptionStatus

STANDINGS: Final = {"past_due": Standing.PAST_DUE, "unpaid": Standing.UNPAID}
ENDED: Final = "Ended at Stripe"


def sync_subscription(subscription_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Make ours what Stripe's subscription is now: its plan, its pause, its standing, its end.

    Raises PlanNotKnown where its price is no plan's.
    """
    state = stripe.subscription(subscription_id=subscription_id)
    if state is None:
        return GONE
    account = account_of(state.customer_id)
    if account is None or account.closed_at is not None:
        return NOT_OURS
    if _waits_for_its_checkout(state):
        return Done("begins with its checkout", account.id, state.status)
    ours = _ours(account, state)
    if ours is None and (state.status in OVER or _is_collected(account)):
        drift = drifting.of_subscription(None, state)
        return Done("leads nothing of ours", account.id, state.status, drift=drift)
    at = clock.now_for(account)
    if ours is None:
        ours = _begin(account, state, at=at)
    _follow(account, ours, state, at=at)
    catch_up(account, now=at)
    drift = drifting.of_subscription(_ours(account, state), state)
    return Done(f"ours follows: {state.status}", account.id, state.status, drift=drift)


def _waits_for_its_checkout(state: SubscriptionState) -> bool:
    """Say whether the page that it was bought on is not put into force yet: that begins it."""
    if state.reference is None:
        return False
    row = Checkout.objects.filter(pk=state.reference).first()
    return row is not None and row.status != CheckoutStatus.DONE


def _is_collected(account: Account) -> bool:
    """Say whether staff chose that we invoice: then nothing of Stripe's leads."""
    profile = Profile.objects.filter(pk=account.id).first()
    return profile is not None and profile.chosen and profile.mode == Mode.COLLECT


def _ours(account: Account, state: SubscriptionState) -> Subscription | None:
    rows = Subscription.objects.select_related("plan_version")
    return rows.filter(account=account, stripe_subscription_id=state.id).first()


def _plan(state: SubscriptionState) -> PlanVersion:
    """Return the newest version that is sold at Stripe's price. Raises PlanNotKnown."""
    rows = PlanVersion.objects.select_related("plan").exclude(stripe_price_id="")
    found = rows.filter(stripe_price_id=state.price_id).order_by("-created_at", "-pk").first()
    if found is None:
        raise PlanNotKnown(price=state.price_id)
    return found


def _begin(account: Account, state: SubscriptionState, *, at: datetime) -> Subscription:
    """Let a subscription that was made at Stripe lead what is ours from now on."""
    version = _plan(state)
    subscription = put_on_plan(account.id, version, trial_days=0, now=at, prorate=False)
    return lead(account_id=account.id, subscription_id=subscription.id, by=state.id, now=at)


@service
def lead(*, account_id: UUID, subscription_id: UUID, by: str, now: datetime) -> Subscription:
    """Note which of Stripe's subscriptions leads, and that its invoices ask for the money."""
    account = Account.objects.lock(account_id)
    profile, _ = Profile.objects.get_or_create(account=account)
    if profile.mode != Mode.LEAD:
        profile.mode = Mode.LEAD
        profile.save(update_fields=["mode"])
    subscription = Subscription.objects.locked(subscription_id, account=account)
    subscription.stripe_subscription_id = by
    subscription.save(update_fields=["stripe_subscription_id"])
    return subscription


def _follow(
    account: Account, ours: Subscription, state: SubscriptionState, *, at: datetime
) -> None:
    """Do what makes ours like Stripe's; what is so already is left alone."""
    named = {"account_id": account.id, "subscription_id": ours.id, "now": at}
    if ours.status == S.CANCELLED:
        return  # ours was ended for good: Stripe's is shown as drift
    if state.status in OVER:
        cancel_subscription(**named, immediately=True, reason=ENDED)  # type: ignore[arg-type]
        return
    if ours.plan_version.stripe_price_id != state.price_id:
        put_on_plan(account.id, _plan(state), trial_days=0, now=at, prorate=False)
    if state.is_paused != (ours.status == S.PAUSED):
        (pause_subscription if state.is_paused else resume_subscription)(**named)  # type: ignore[arg-type]
    if state.cancel_at_period_end and not ours.cancel_at_period_end:
        cancel_subscription(**named, reason=ENDED)  # type: ignore[arg-type]
    elif ours.cancel_at_period_end and not state.cancel_at_period_end:
        reactivate_subscription(**named)  # type: ignore[arg-type]
    stand(**named, standing=STANDINGS.get(state.status, ""))  # type: ignore[arg-type]


@service
def stand(*, account_id: UUID, subscription_id: UUID, standing: str, now: datetime) -> None:
    """Take over what unpaid invoices of Stripe's make of it: '', PAST_DUE or UNPAID."""
    account = Account.objects.lock(account_id)
    subscription = Subscription.objects.locked(subscription_id, account=account)
    if subscription.standing == standing:
        return
    before = {"status": subscription.status}
    subscription.stand(standing)
    subscription.updated_at = now
    subscription.save(update_fields=["status", "standing", "updated_at"])
    audit.record(
        action="subscription.standing",
        account_id=account.id,
        subject=subscription.id,
        before=before,
        after={"status": subscription.status, "standing": standing},
        now=now,
    )
