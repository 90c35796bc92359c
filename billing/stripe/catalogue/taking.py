"""Stripe leads: its products and prices become plans, with a new version where a price changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from billing.catalog.errors import PlanIsDefault
from billing.catalog.models import Plan, PlanVersion
from billing.catalog.services.plans import archive_plan, create_plan, update_plan
from billing.kernel.errors import AlreadyExists, InvalidRequest
from billing.stripe.catalogue.comparing import made_of
from billing.stripe.catalogue.offers import Offer, Unmapped, offers_of
from billing.stripe.objects import StripeObjects, Thing

MADE, CHANGED, ARCHIVED, KEPT = "made", "changed", "archived", "as it was"
STILL_DEFAULT: Final = "archived at Stripe, but our default tier: choose another first"
MOST_CODES: Final = 20

Outcome = tuple[str, str]
"""A plan's code or a price's id, and what came of it."""

There = tuple[Thing, list[Thing]]
"""A product at Stripe, with all its prices."""


def leads() -> str:
    """Return who leads: STRIPE, OURS or OFF."""
    return str(settings.BILLING["STRIPE_CATALOGUE"])


def read(kind: str, name: str, *, stripe: StripeObjects) -> There | None:
    """Return a product, or that of a price, with all its prices; None where the one is gone."""
    thing = stripe.one(kind, name)
    if thing is None or thing.get("deleted"):
        return None
    if kind == "price":
        return read("product", product_of(thing), stripe=stripe)
    return thing, list(stripe.walk("price", product=name))


def take(kind: str, name: str, there: There | None, *, now: datetime) -> list[Outcome]:
    """Take over what `read` has found, where Stripe leads; a price that is gone is off the offer.

    A product with prices can't be deleted, so nothing is done about one that is gone.
    """
    if leads() != "STRIPE":
        return []
    if there is not None:
        return list(take_over(*there, now=now))
    if kind != "price":
        return []
    return [(row.plan.code, _archive(row.plan, now=now)) for row in on_offer_at(name)]


def on_offer_at(price_id: str) -> QuerySet[PlanVersion]:
    """Return the newest versions, of plans on the offer, that are sold at a price of Stripe's."""
    newest = PlanVersion.objects.newest().select_related("plan")
    return newest.filter(stripe_price_id=price_id, plan__is_active=True)


def sync_all(*, stripe: StripeObjects, now: datetime, dry: bool = False) -> Iterator[Outcome]:
    """Take over every product. Safe to repeat, and to go on after a crash."""
    for product in stripe.walk("product"):
        prices = list(stripe.walk("price", product=product["id"]))
        yield from take_over(product, prices, now=now, dry=dry)


def product_of(price: Thing) -> str:
    """Return the id of a price's product."""
    found = price["product"]
    return str(found["id"] if isinstance(found, dict) else found)


def take_over(
    product: Mapping[str, Any],
    prices: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    dry: bool = False,
) -> Iterator[Outcome]:
    """Make plans what the product offers now; `dry` only says what would come of it."""
    if made_of(product) is not None:
        return
    offers, unmapped = offers_of(product, prices)
    for offer in offers:
        yield _take(offer, now=now, dry=dry)
    yield from ((one.price_id, f"no plan: {one.reason}") for one in unmapped if _matters(one))


def _matters(one: Unmapped) -> bool:
    return one.reason != "it is paid once"


def _take(offer: Offer, *, now: datetime, dry: bool) -> Outcome:
    version = plan_of(offer)
    if version is None:
        if offer.terms is None:
            return offer.code, KEPT  # archived before we knew it
        return (offer.code, MADE) if dry else _make(offer, now=now)
    if offer.terms is None:
        if not version.plan.is_active:
            return version.plan.code, KEPT
        return version.plan.code, ARCHIVED if dry else _archive(version.plan, now=now)
    details, prices = _differences(version, offer)
    if not details and not prices:
        return version.plan.code, KEPT
    if not dry:
        update_plan(reference=version.plan.code, details=details, prices=prices, now=now)
    return version.plan.code, CHANGED


def plan_of(offer: Offer) -> PlanVersion | None:
    """Return the newest version of the plan that one of these prices is a price of."""
    rows = PlanVersion.objects.filter(stripe_price_id__in=offer.price_ids)
    linked = rows.order_by("-created_at", "-version").first()
    if linked is None:
        return None
    newest = PlanVersion.objects.newest().select_related("plan")
    return newest.get(plan_id=linked.plan_id)


def _differences(version: PlanVersion, offer: Offer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plan's fields and the version's that are other at Stripe.

    What Stripe does not know of (charges, limits, trials that we gave) stays as it is here.
    """
    assert offer.terms is not None
    wanted = {"name": offer.name, "description": offer.description, "is_active": True}
    details = {key: value for key, value in wanted.items() if getattr(version.plan, key) != value}
    if version.stripe_price_id == offer.terms.stripe_price_id:
        return details, {}  # a price of Stripe's never changes its amount
    terms = offer.terms
    prices = {"currency": terms.currency, "interval": terms.interval, "price": terms.price}
    return details, prices | {"stripe_price_id": terms.stripe_price_id}


def _make(offer: Offer, *, now: datetime) -> Outcome:
    """Make a plan under the first of its codes that is free."""
    assert offer.terms is not None
    details = {"name": offer.name, "description": offer.description}
    for number in range(1, MOST_CODES):
        code = offer.code if number == 1 else f"{offer.code}-{number}"
        try:
            create_plan(code=code, details=details, prices=offer.terms, now=now)
        except AlreadyExists:
            continue
        except InvalidRequest as error:
            return offer.terms.stripe_price_id, f"no plan: {error}"
        return code, MADE
    return offer.terms.stripe_price_id, f"no plan: the codes {offer.code}… are taken"


def _archive(plan: Plan, *, now: datetime) -> str:
    try:
        archive_plan(reference=plan.code, now=now)
    except PlanIsDefault:
        return STILL_DEFAULT
    return ARCHIVED
