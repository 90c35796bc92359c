"""A plan's prices as somebody wants them, before they become a version. Money in major units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from billing.catalog.filters import stored_filter
from billing.catalog.models import PlanVersion, TaxBehavior
from billing.catalog.terms import terms_of
from billing.kernel.decimals import format_decimal
from billing.kernel.money import Money
from billing.pricing import ChargeTerms, Tier

STANDARD = "STANDARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDraft:
    """A charge before it has an id. `filter` holds str, bool, int and Decimal values."""

    metric_type: str
    terms: ChargeTerms
    description: str = ""
    filter: Mapping[str, Any] | None = None
    tax_category: str = STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDraft:
    """All prices of a plan. `same_prices` compares two."""

    currency: str
    interval: str
    price: Decimal
    pay_in_advance: bool = False
    trial_days: int = 0
    minimum_commitment: Decimal | None = None
    tax_category: str = STANDARD
    tax_behavior: str = TaxBehavior.EXCLUSIVE.value
    stripe_price_id: str = ""
    charges: tuple[ChargeDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDraft:
    """A limit of a plan. −1: unlimited; no window: a standing cap."""

    service_name: str
    feature_key: str
    value: int
    window: str = ""
    description: str = ""


def draft_of(version: PlanVersion) -> VersionDraft:
    """Read a stored version back, charges in the plan's order."""
    charges = tuple(
        ChargeDraft(
            metric_type=charge.meter.metric_type,
            terms=_plain_terms(terms_of(charge, version.currency)),
            description=charge.description,
            filter=charge.filter,
            tax_category=charge.tax_category,
        )
        for charge in version.charges.all()
    )
    minimum = version.minimum_commitment_minor
    return VersionDraft(
        currency=version.currency,
        interval=version.interval,
        price=plain(Money(version.price_minor, version.currency).major),
        pay_in_advance=version.pay_in_advance,
        trial_days=version.trial_days,
        minimum_commitment=None
        if minimum is None
        else plain(Money(minimum, version.currency).major),
        tax_category=version.tax_category,
        tax_behavior=version.tax_behavior,
        stripe_price_id=version.stripe_price_id,
        charges=charges,
    )


def plain(value: Decimal) -> Decimal:
    """Drop zeros at the end, so that 30.00 can be read in a currency without decimals."""
    return Decimal(format_decimal(value))


def _plain_terms(terms: ChargeTerms) -> ChargeTerms:
    minimum, maximum = terms.minimum, terms.maximum
    return replace(
        terms,
        minimum=None if minimum is None else plain(minimum),
        maximum=None if maximum is None else plain(maximum),
    )


def same_prices(one: VersionDraft, other: VersionDraft) -> bool:
    """Compare by what is written: to Python 1 and true are equal, in a filter they are not."""
    return json.dumps(as_json(one), sort_keys=True) == json.dumps(as_json(other), sort_keys=True)


def as_json(draft: VersionDraft) -> dict[str, Any]:
    """Write a valid draft in the API's words: what the audit keeps."""
    return {
        "currency": draft.currency,
        "interval": draft.interval,
        "price": format_decimal(draft.price),
        "payInAdvance": draft.pay_in_advance,
        "trialDays": draft.trial_days,
        "minimumCommitment": _text(draft.minimum_commitment),
        "taxCategory": draft.tax_category,
        "taxBehavior": draft.tax_behavior,
        "stripePriceId": draft.stripe_price_id,
        "charges": [_charge_as_json(charge) for charge in draft.charges],
    }


def _charge_as_json(draft: ChargeDraft) -> dict[str, Any]:
    terms = draft.terms
    return {
        "metricType": draft.metric_type,
        "description": draft.description,
        "filter": stored_filter(draft.filter),
        "taxCategory": draft.tax_category,
        "model": terms.model.value,
        "includedQuantity": _text(terms.included_quantity),
        "unitPrice": _text(terms.unit_price),
        "packageSize": _text(terms.package_size),
        "packagePrice": _text(terms.package_price),
        "rate": _text(terms.rate),
        "fixedFee": _text(terms.fixed_fee),
        "minimumAmount": _text(terms.minimum),
        "maximumAmount": _text(terms.maximum),
        "tiers": None if terms.tiers is None else tiers_as_json(terms.tiers),
    }


def tiers_as_json(tiers: tuple[Tier, ...]) -> list[dict[str, str | None]]:
    """Write tiers as they are stored and shown: decimal strings, null where not given."""
    return [
        {
            "upTo": _text(tier.up_to),
            "unitPrice": _text(tier.unit_price),
            "flatFee": _text(tier.flat_fee),
        }
        for tier in tiers
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format_decimal(value)
