"""What of a plan differs from its product and its price at Stripe: no database, no requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from billing.catalog.models import PlanVersion
from billing.kernel.money import Money
from billing.stripe.amounts import from_stripe
from billing.stripe.catalogue.offers import INTERVALS, offers_of, problem

ARCHIVED_THERE = "archived there"


def made_of(product: Mapping[str, Any]) -> UUID | None:
    """Return the plan of ours that a product was made of; None where it was made at Stripe."""
    said = str((product.get("metadata") or {}).get("plan", ""))
    try:
        return UUID(said)
    except ValueError:
        return None


def of_product(
    version: PlanVersion,
    product: Mapping[str, Any],
    prices: Iterable[Mapping[str, Any]],
    *,
    leads: str,
) -> str:
    """Say what a product has otherwise than the plan whose newest version this is.

    Names are compared where one follows the other: of a price that was named by hand they may be
    two.
    """
    plan, is_active = version.plan, bool(product.get("active", True))
    is_made_of_it = made_of(product) == plan.pk
    found = []
    if plan.is_active and not is_active:
        found.append(ARCHIVED_THERE)
    if is_made_of_it and is_active and not plan.is_active:
        found.append("ours is archived")
    names = {product.get("name")} if is_made_of_it else set()
    if leads == "STRIPE" and made_of(product) is None and plan.is_active:
        offers, _ = offers_of(product, prices)
        names = {one.name for one in offers if version.stripe_price_id in one.price_ids}
    if names and plan.name not in names:
        found.append("another name there")
    return ", ".join(found)


def of_price(version: PlanVersion, price: Mapping[str, Any]) -> str:
    """Say what a price has otherwise than the version that is sold at it; "" once that is not
    sold any more.
    """
    if not version.plan.is_active:
        return ""
    reason = problem(price)
    if reason:
        return reason
    theirs = from_stripe(price["unit_amount"], price["currency"])
    recurring = price["recurring"]
    interval = INTERVALS[recurring["interval"], recurring["interval_count"]]
    pairs = {
        "amount": (version.price_minor, theirs.minor),
        "currency": (version.currency, theirs.currency),
        "interval": (version.interval, interval),
    }
    other = [name for name, (ours, there) in pairs.items() if ours != there]
    found = [] if price["active"] else [ARCHIVED_THERE]
    if other:
        found.append(f"another {', '.join(other)} there: {_words(theirs, interval)}")
    return ", ".join(found)


def _words(money: Money, interval: str) -> str:
    return f"{money.amount} {money.currency} a {interval.lower()}"
