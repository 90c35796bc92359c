"""Ours leads: every plan is a product at Stripe, its newest version's fee the price of it.

A product has an id that is made of the plan's, so it can't be made twice; a price is found by its
lookup key, the version's id, of which Stripe takes one. Repeated at any point, nothing changes: a
key that keeps a failure for a day is not needed, so each attempt has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from billing.accounts import audit
from billing.catalog.models import Plan, PlanVersion
from billing.kernel.money import Money
from billing.kernel.services import service
from billing.stripe.amounts import to_stripe
from billing.stripe.catalogue.offers import RECURRING
from billing.stripe.catalogue.taking import ARCHIVED, CHANGED, KEPT, MADE, Outcome
from billing.stripe.errors import StripeRefused
from billing.stripe.objects import StripeObjects, Thing

REFUSED: Final = "refused"
BY_HAND: Final = "its price at Stripe was named by hand"


def push_all(*, stripe: StripeObjects, now: datetime, dry: bool = False) -> Iterator[Outcome]:
    """Make Stripe's catalogue what ours is now, plan by plan; `dry` only says what would be done.

    A plan whose price was named by hand is that price's product, and stays so.
    """
    for version in PlanVersion.objects.newest().select_related("plan").order_by("created_at"):
        try:
            yield version.plan.code, push_plan(version, stripe=stripe, now=now, dry=dry)
        except StripeRefused as error:
            yield version.plan.code, f"{REFUSED}: {error.reason}"


def push_plan(
    version: PlanVersion, *, stripe: StripeObjects, now: datetime, dry: bool = False
) -> str:
    """Push one plan by its newest version; return what was done."""
    product = stripe.one("product", product_id(version.plan))
    if product is None and version.stripe_price_id:
        return BY_HAND
    if product is None and not version.plan.is_active:
        return KEPT
    wanted = _product(version.plan)
    if dry:
        return _foreseen(version, product, wanted, stripe=stripe)
    made = product is None
    if product is None:
        key = f"plan:{version.plan_id}:{now.isoformat()}"
        product = stripe.make("product", key=key, id=product_id(version.plan), **wanted)
    changed = made
    if version.plan.is_active:
        price = _price(version, stripe=stripe, now=now)
        changed |= link_price(version_id=version.pk, price_id=price["id"], now=now)
        wanted["default_price"] = price["id"]
    if _differs(product, wanted):
        stripe.change("product", product_id(version.plan), **wanted)
        changed = True
    if not version.plan.is_active:  # its prices are off the offer with the product
        return ARCHIVED if changed else KEPT
    changed |= _archive_others(version, stripe=stripe)
    return MADE if made else (CHANGED if changed else KEPT)


def product_id(plan: Plan) -> str:
    return f"plan_{plan.pk.hex}"


def _product(plan: Plan) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": plan.name,
        "active": plan.is_active,
        "metadata": {"plan": str(plan.pk), "plan_code": plan.code},
    }
    if plan.description:
        said["description"] = plan.description
    return said


def _differs(product: Thing, wanted: dict[str, Any]) -> bool:
    return any(product.get(name) != value for name, value in wanted.items())


def _price(version: PlanVersion, *, stripe: StripeObjects, now: datetime) -> Thing:
    """Return the version's price, made or put on the offer again if need be: found by its lookup
    key, whenever it was.
    """
    found = next(stripe.walk("price", lookup_keys=[str(version.pk)]), None)
    if found is not None and not found["active"]:
        return stripe.change("price", found["id"], active=True)
    if found is not None:
        return found
    inclusive = version.tax_behavior == "INCLUSIVE"
    return stripe.make(
        "price",
        key=f"plan-version:{version.pk}:{now.isoformat()}",
        product=product_id(version.plan),
        currency=version.currency.lower(),
        unit_amount=to_stripe(Money(version.price_minor, version.currency)),
        recurring=dict(RECURRING[version.interval]),
        lookup_key=str(version.pk),
        nickname=f"{version.plan.code} v{version.version}",
        tax_behavior="inclusive" if inclusive else "exclusive",
        metadata={"plan_version": str(version.pk)},
    )


def _foreseen(
    version: PlanVersion, product: Thing | None, wanted: dict[str, Any], *, stripe: StripeObjects
) -> str:
    """Return what a push would do."""
    if product is None:
        return MADE
    same = not _differs(product, wanted) and _is_sold(version, stripe=stripe)
    return KEPT if same else CHANGED


def _is_sold(version: PlanVersion, *, stripe: StripeObjects) -> bool:
    """Say whether a plan on the offer is sold at its version's price and at no other."""
    if not version.plan.is_active:
        return True
    active = stripe.walk("price", product=product_id(version.plan), active=True)
    return [price["lookup_key"] for price in active] == [str(version.pk)]


def _archive_others(version: PlanVersion, *, stripe: StripeObjects) -> bool:
    """Take prices of older versions off Stripe's offer; who pays them goes on paying them."""
    changed = False
    for price in stripe.walk("price", product=product_id(version.plan), active=True):
        if price["lookup_key"] != str(version.pk):
            stripe.change("price", price["id"], active=False)
            changed = True
    return changed


@service
def link_price(*, version_id: UUID, price_id: str, now: datetime) -> bool:
    """Note a version's price at Stripe. A new version begins with that of the one before.

    Return whether it was another one.
    """
    version = PlanVersion.objects.select_for_update().get(pk=version_id)
    if version.stripe_price_id == price_id:
        return False
    version.stripe_price_id = price_id
    version.save(update_fields=["stripe_price_id"])
    audit.record(
        action="plan.price_pushed",
        subject=str(version_id),
        after={"stripePriceId": price_id},
        now=now,
    )
    return True
