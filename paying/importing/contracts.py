"""Subscriptions go on here, with their anchors, in the middle of their periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from billing.kernel.errors import BillingError
from billing.kernel.services import service
from billing.models import Account, PlanVersion, Subscription
from billing.stripe.objects import StripeObjects
from billing.subscriptions.adopting import Elsewhere, adopt_subscription
from paying.importing.rows import Outcome, Row
from paying.models import Profile
from paying.records import Mode

LIVE: Final = frozenset({"active", "trialing", "past_due", "unpaid"})


def take_subscription(
    found: Mapping[str, Any], *, stripe: StripeObjects, mode: Mode, now: datetime, dry: bool
) -> Row:
    """Adopt a subscription. Mode LEAD: Stripe goes on asking for its money; COLLECT: it ends
    there with the period that runs, and we ask from then on.
    """
    name, customer = str(found["id"]), _id_of(found["customer"])
    if Subscription.objects.filter(stripe_subscription_id=name).exists():
        if mode == Mode.COLLECT and not dry:
            _end_at_stripe(found, stripe)
        return Row("subscription", name, Outcome.KEPT)
    reason = problem(found)
    version = None if reason else version_of(found)
    if version is None:
        return Row("subscription", name, Outcome.LEFT, reason or "its price is no plan's")
    account = Account.objects.filter(stripe_customer_id=customer).order_by("created_at").first()
    if dry:
        return Row("subscription", name, Outcome.MADE, version.plan.code)
    if account is None:
        return Row("subscription", name, Outcome.LEFT, f"its customer {customer} is not here")
    try:
        choose(account_id=account.id, mode=mode)
        adopt_subscription(
            account_id=account.id, version_id=version.pk, elsewhere=elsewhere(found), now=now
        )
    except BillingError as error:
        return Row("subscription", name, Outcome.LEFT, str(error))
    if mode == Mode.COLLECT:
        _end_at_stripe(found, stripe)
    return Row("subscription", name, Outcome.MADE, _note(found, version))


def problem(found: Mapping[str, Any]) -> str:
    """Return why it can't be ours, "" where it can."""
    if found["status"] not in LIVE:
        return f"it is {found['status']}"
    items = found["items"]["data"]
    if len(items) != 1:
        return f"it has {len(items)} prices"
    if items[0].get("quantity", 1) != 1:
        return f"its quantity is {items[0].get('quantity')}"
    if found.get("schedule"):
        return "a schedule changes it"
    return ""


def version_of(found: Mapping[str, Any]) -> PlanVersion | None:
    price = found["items"]["data"][0]["price"]["id"]
    rows = PlanVersion.objects.select_related("plan").filter(stripe_price_id=price)
    return rows.order_by("-created_at", "-pk").first()


def elsewhere(found: Mapping[str, Any]) -> Elsewhere:
    item = found["items"]["data"][0]
    on_trial = found["status"] == "trialing"
    return Elsewhere(
        reference=str(found["id"]),
        anchor=_at(found["billing_cycle_anchor"]),
        period_start=_at(item["current_period_start"]),
        trial_end=_at(found["trial_end"]) if on_trial else None,
        cancel_at_period_end=bool(found["cancel_at_period_end"]),
    )


def _note(found: Mapping[str, Any], version: PlanVersion) -> str:
    notes = [version.plan.code]
    if found["discounts"]:
        notes.append("its discount stays at Stripe")
    if found.get("pause_collection"):
        notes.append("it is paused at Stripe")
    return "; ".join(notes)


@service
def choose(*, account_id: UUID, mode: Mode) -> None:
    """Note who asks for the money from now on, before there is anything to ask for."""
    account = Account.objects.lock(account_id)
    profile, _ = Profile.objects.get_or_create(account=account)
    if not profile.chosen and profile.mode != mode:
        profile.mode = mode
        profile.save(update_fields=["mode"])


def _end_at_stripe(found: Mapping[str, Any], stripe: StripeObjects) -> None:
    if not found["cancel_at_period_end"]:
        stripe.change("subscription", str(found["id"]), cancel_at_period_end=True)


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _id_of(value: Any) -> str:
    return str(value["id"] if isinstance(value, Mapping) else value)
