"""`price.*`, `product.*`: taken over where Stripe leads the catalogue; what differs then is said.

A product is read with all its prices, and a price with its product: one plan is made of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from billing.catalog.models import PlanVersion
from billing.stripe.catalogue import comparing, pushing, taking
from billing.stripe.gateway import Gateway
from billing.stripe.objects import Thing, objects
from paying.syncing.done import GONE, NOT_OURS, Done

NO_PLANS: Final = Done("no plan of ours", is_ours=False)

Seen = dict[tuple[str, str], Done]
"""What was seen by kind and id, of what plans of ours are sold at."""


def sync_price(name: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over the product of a price, where Stripe leads, and say what differs."""
    return _sync("price", name, now=now)


def sync_product(name: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over a product, where Stripe leads, and say what differs."""
    return _sync("product", name, now=now)


def _sync(kind: str, name: str, *, now: datetime) -> Done:
    if not settings.BILLING["STRIPE_SECRET_KEY"]:
        return NO_PLANS
    there = taking.read(kind, name, stripe=objects())
    taken = taking.take(kind, name, there, now=now)
    outcome = "; ".join(f"{code} {said}" for code, said in taken)
    seen = {(kind, name): _absent(kind, name)} if there is None else _seen(*there)
    done = seen.pop((kind, name), NO_PLANS)
    beside = tuple((other_kind, other, said) for (other_kind, other), said in seen.items())
    return Done(
        outcome or done.outcome,
        status=done.status,
        is_ours=done.is_ours or bool(outcome),
        drift=done.drift,
        beside=beside,
    )


def _absent(kind: str, name: str) -> Done:
    if kind == "product":
        return GONE if is_wanted(name) else NOT_OURS
    return GONE if taking.on_offer_at(name).exists() else NOT_OURS


def _seen(product: Thing, prices: list[Thing]) -> Seen:
    """Compare the plans that are sold at a product with it and its prices."""
    sold = list(sold_at(comparing.made_of(product), [price["id"] for price in prices]))
    drifts = [comparing.of_product(row, product, prices, leads=taking.leads()) for row in sold]
    seen = {("product", product["id"]): _done(product, drifts)} if sold else {}
    for price in prices:
        rows = [row for row in sold if row.stripe_price_id == price["id"]]
        if rows:
            drifts = [comparing.of_price(row, price) for row in rows]
            seen["price", price["id"]] = _done(price, drifts)
    return seen


def sold_at(plan_id: UUID | None, price_ids: Iterable[str]) -> Iterable[PlanVersion]:
    """Return the newest versions of the plans that a product was made of, or is sold for."""
    rows = PlanVersion.objects.newest().select_related("plan").order_by("created_at", "pk")
    return rows.filter(Q(plan_id=plan_id) | Q(stripe_price_id__in=price_ids))


def is_wanted(product_id: str) -> bool:
    """Say whether a product should be at Stripe: ours leads, and a plan on the offer is it."""
    return any(pushing.product_id(row.plan) == product_id for row in unpushed())


def unpushed() -> Iterable[PlanVersion]:
    """Return the plans on the offer that are not at Stripe, and should be."""
    if taking.leads() != "OURS":
        return PlanVersion.objects.none()
    rows = PlanVersion.objects.newest().select_related("plan").order_by("created_at", "pk")
    return rows.filter(stripe_price_id="", plan__is_active=True)


def _done(thing: Thing, drifts: Iterable[str]) -> Done:
    said = "; ".join(sorted({one for one in drifts if one}))
    status = "active" if thing.get("active", True) else "archived"
    return Done(said or "as ours", status=status, drift=said)
