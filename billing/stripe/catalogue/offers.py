"""What a product and its prices offer, as plans of ours: no database, no requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from billing.catalog.drafts import VersionDraft, plain
from billing.kernel.money import MINOR_DIGITS
from billing.stripe.amounts import from_stripe

INTERVALS: Final[Mapping[tuple[str, int], str]] = {
    ("day", 1): "DAY",
    ("week", 1): "WEEK",
    ("month", 1): "MONTH",
    ("month", 3): "QUARTER",
    ("month", 12): "YEAR",
    ("year", 1): "YEAR",
}
RECURRING: Final[Mapping[str, Mapping[str, Any]]] = {
    "DAY": {"interval": "day"},
    "WEEK": {"interval": "week"},
    "MONTH": {"interval": "month"},
    "QUARTER": {"interval": "month", "interval_count": 3},
    "YEAR": {"interval": "year"},
}
LONGEST_TRIAL: Final = 730
CODE_LENGTH: Final = 255


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A price that is no plan of ours, and why."""

    price_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One plan: a product at one currency and interval. `price_ids` are all that it ever had.

    `terms` None: no price of it is active any more.
    """

    product_id: str
    code: str
    name: str
    description: str
    is_active: bool
    currency: str
    interval: str
    price_ids: frozenset[str] = field(default_factory=frozenset)
    terms: VersionDraft | None = None


def offers_of(
    product: Mapping[str, Any], prices: Iterable[Mapping[str, Any]]
) -> tuple[list[Offer], list[Unmapped]]:
    """Return the plans that a product is, and its prices that are none.

    Of several active prices with one currency and interval the newest holds: so Stripe's way to
    change a price, a new one and the old one archived, is a new version of one plan.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    unmapped = []
    for price in sorted(prices, key=lambda one: (one["created"], one["id"])):
        reason = problem(price)
        if reason:
            unmapped.append(Unmapped(price["id"], reason))
            continue
        recurring = price["recurring"]
        interval = INTERVALS[recurring["interval"], recurring["interval_count"]]
        groups.setdefault((price["currency"].upper(), interval), []).append(price)
    ordered = sorted(groups.items(), key=lambda group: group[1][0]["created"])
    return [
        _offer(product, key, rows, is_first=number == 0)
        for number, (key, rows) in enumerate(ordered)
    ], unmapped


def problem(price: Mapping[str, Any]) -> str:
    """Return why a price is no plan's, "" where it is one's."""
    recurring = price.get("recurring")
    if not recurring:
        return "it is paid once"
    count, unit = recurring["interval_count"], recurring["interval"]
    tiered = price["billing_scheme"] != "per_unit" or price.get("transform_quantity")
    whole = price.get("unit_amount") is not None
    reasons = {
        f"its interval is {count} {unit}s": (unit, count) not in INTERVALS,
        "it bills what is metered at Stripe": recurring["usage_type"] != "licensed",
        "it has tiers or packages": tiered,
        "the customer chooses its amount": price.get("custom_unit_amount"),
        "its amount has fractions of the smallest unit": not whole and not tiered,
        f"we have no {price['currency'].upper()}": price["currency"].upper() not in MINOR_DIGITS,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _offer(
    product: Mapping[str, Any],
    key: tuple[str, str],
    rows: Sequence[Mapping[str, Any]],
    *,
    is_first: bool,
) -> Offer:
    currency, interval = key
    active = [row for row in rows if row["active"]] if product.get("active", True) else []
    return Offer(
        product_id=product["id"],
        code=_code(product, rows[0], key, is_first=is_first),
        name=_name(product, (active or rows)[-1], interval, is_first=is_first),
        description=(product.get("description") or "")[:2000],
        is_active=bool(active),
        currency=currency,
        interval=interval,
        price_ids=frozenset(row["id"] for row in rows),
        terms=_terms(product, active[-1], key) if active else None,
    )


def _terms(
    product: Mapping[str, Any], price: Mapping[str, Any], key: tuple[str, str]
) -> VersionDraft:
    money = from_stripe(price["unit_amount"], price["currency"])
    inclusive = price.get("tax_behavior") == "inclusive"
    return VersionDraft(
        currency=key[0],
        interval=key[1],
        price=plain(Decimal(money.amount)),
        pay_in_advance=True,
        trial_days=_trial(price, product),
        tax_behavior="INCLUSIVE" if inclusive else "EXCLUSIVE",
        stripe_price_id=price["id"],
    )


def _trial(price: Mapping[str, Any], product: Mapping[str, Any]) -> int:
    """Return the days that `trial_days` in the metadata says; Stripe's prices have none."""
    for one in (price, product):
        said = str((one.get("metadata") or {}).get("trial_days", ""))
        if said.isascii() and said.isdigit() and int(said) <= LONGEST_TRIAL:
            return int(said)
    return 0


def _name(
    product: Mapping[str, Any], price: Mapping[str, Any], interval: str, *, is_first: bool
) -> str:
    """Return the product's name; a second plan of it says by what it differs."""
    name = str(product.get("name") or product["id"])
    if is_first:
        return name[:255]
    return f"{name} ({price.get('nickname') or interval.lower()})"[:255]


def _code(
    product: Mapping[str, Any], price: Mapping[str, Any], key: tuple[str, str], *, is_first: bool
) -> str:
    """Return a code for a plan that is new: said in the metadata, or the price's lookup key, or
    made of the name.
    """
    said = (product.get("metadata") or {}).get("plan_code") if is_first else None
    given = said or price.get("lookup_key") or product.get("name") or product["id"]
    code = re.sub(r"[^a-z0-9._]+", "-", str(given).lower()).strip("-.")[: CODE_LENGTH - 64]
    code = code or product["id"].lower()
    return code if is_first or price.get("lookup_key") else f"{code}-{'-'.join(key).lower()}"
