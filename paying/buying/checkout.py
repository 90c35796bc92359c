"""A page at Stripe on which an account buys a plan. What was bought is told by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from billing.catalog.queries import version_of
from billing.kernel.services import service, step
from billing.models import Account, LockedAccount, PlanVersion, Subscription, TrialUse
from billing.stripe.errors import StripeError, StripeNotConfigured, StripeRefused
from billing.stripe.gateway import Gateway
from billing.stripe.values import CheckoutOrder, CheckoutState
from billing.subscriptions.changing import require_sellable
from paying.buying.linking import ensure_customer
from paying.errors import AlreadyOnPlan, PriceNotAtStripe
from paying.models import Checkout, Profile
from paying.records import CheckoutStatus, Mode

log = structlog.get_logger(__name__)

CLOSED_AT_ONCE: Final = 3
"""Older pages that are closed before another is opened; there is hardly ever one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An open page: Stripe's id of it, and where it is."""

    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Where the browser goes afterwards."""

    success_url: str
    cancel_url: str


def open_checkout(
    *, account_id: UUID, plan_ref: str, returns: Returns, stripe: Gateway, now: datetime
) -> Page:
    """Open a page on which the plan's newest version (or the version that is named) is bought.

    Each call opens one; what was opened before is closed, so that a plan is bought once. Raises
    NotFound, PlanNotActive, CurrencyMismatch, AlreadyOnPlan, PriceNotAtStripe,
    StripeNotConfigured, StripeError.
    """
    version = version_of(plan_ref)
    checkout = _record(account_id=account_id, version=version, stripe=stripe, now=now)
    customer_id = ensure_customer(account_id=account_id, stripe=stripe, now=now)
    close_others(account_id=account_id, but=checkout.id, stripe=stripe)
    order = CheckoutOrder(
        reference=checkout.id,
        customer_id=customer_id,
        success_url=returns.success_url,
        cancel_url=returns.cancel_url,
        currency=version.currency,
        price_id=checkout.price_id,
        trial_days=checkout.trial_days,
    )
    try:
        state = stripe.create_checkout(order=order, idempotency_key=f"checkout:{checkout.id}")
    except StripeRefused as error:
        if checkout.price_id and error.reason == "resource_missing":
            raise PriceNotAtStripe from None
        raise
    return _note_open(checkout_id=checkout.id, state=state)


@step
def _record(*, account_id: UUID, version: PlanVersion, stripe: Gateway, now: datetime) -> Checkout:
    account = Account.objects.lock(account_id)
    require_sellable(version, account)
    if not stripe.is_configured:
        raise StripeNotConfigured
    profile = Profile.objects.filter(pk=account.id).first()
    collects = profile is not None and profile.chosen and profile.mode == Mode.COLLECT
    price_id = "" if collects else version.stripe_price_id
    live = Subscription.objects.live().filter(account=account).first()
    if price_id and live and live.stripe_subscription_id and live.plan_version_id == version.pk:
        raise AlreadyOnPlan
    return Checkout.objects.create(
        account=account,
        plan_version=version,
        price_id=price_id,
        trial_days=trial_of(account, version),
        created_at=now,
    )


def trial_of(account: LockedAccount, version: PlanVersion) -> int:
    """Return the plan's trial, where the customer has not had it: on either surface."""
    customer_id = account.customer_id or account.id
    if TrialUse.objects.filter(account_id=customer_id, plan=version.plan).exists():
        return 0
    return version.trial_days


@service
def _note_open(*, checkout_id: UUID, state: CheckoutState) -> Page:
    checkout = Checkout.objects.select_for_update().get(pk=checkout_id)
    if checkout.status == CheckoutStatus.ASKED:  # else it was bought on before we came to this
        checkout.open(state.id)
        checkout.save(update_fields=["status", "stripe_id"])
    return Page(id=state.id, url=state.url)


def close_others(*, account_id: UUID, but: UUID, stripe: Gateway) -> None:
    """Close the account's other open pages. One that can't be closed now is no reason to stop:
    where it is bought on nevertheless, the plan bought last is the one that holds.
    """
    rows = Checkout.objects.filter(account_id=account_id, status=CheckoutStatus.OPEN)
    for old in rows.exclude(pk=but).order_by("-created_at")[:CLOSED_AT_ONCE]:
        try:
            key = f"checkout:{old.id}:expire"
            stripe.expire_checkout(checkout_id=old.stripe_id or "", idempotency_key=key)
        except StripeError as error:
            log.warning("checkout_left_open", checkout=str(old.id), reason=error.reason)
        else:
            note_expired(checkout_id=old.id)


@step
def note_expired(*, checkout_id: UUID) -> None:
    """Take note that nobody can buy on the page any more."""
    Checkout.objects.filter(pk=checkout_id, status=CheckoutStatus.OPEN).update(
        status=CheckoutStatus.EXPIRED
    )
