"""A plan version's prices as the engine computes with them: plain values, loaded once a process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from billing.catalog.models import Charge, PlanVersion, TaxBehavior
from billing.kernel.decimals import parse_decimal
from billing.kernel.money import Money
from billing.pricing.terms import ChargeModel, ChargeTerms
from billing.pricing.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCharge:
    """A charge, its meter and its terms."""

    id: UUID
    meter_id: int
    metric_type: str
    aggregation: str
    unique_field: str
    description: str
    filter: dict[str, object] | None
    tax_category: str
    terms: ChargeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """A plan version: its fee, its commitment and its charges in the plan's order."""

    version_id: UUID
    currency: str
    fee: Money
    pay_in_advance: bool
    minimum_commitment: Decimal | None
    tax_category: str
    tax_inclusive: bool
    charges: tuple[PricedCharge, ...]


@lru_cache(maxsize=2000)
def plan_terms(version_id: UUID) -> PlanTerms:
    """Load a version's terms. They may be cached without end: prices never change. Names may."""
    version = PlanVersion.objects.get(pk=version_id)
    currency = version.currency
    charges = version.charges.select_related("meter").order_by("position")
    commitment = version.minimum_commitment_minor
    return PlanTerms(
        version_id=version.id,
        currency=currency,
        fee=Money(version.price_minor, currency),
        pay_in_advance=version.pay_in_advance,
        minimum_commitment=None if commitment is None else Money(commitment, currency).major,
        tax_category=version.tax_category,
        tax_inclusive=version.tax_behavior == TaxBehavior.INCLUSIVE,
        charges=tuple(_priced(charge, currency) for charge in charges),
    )


def _priced(charge: Charge, currency: str) -> PricedCharge:
    meter = charge.meter
    return PricedCharge(
        id=charge.id,
        meter_id=meter.id,
        metric_type=meter.metric_type,
        aggregation=meter.aggregation,
        unique_field=meter.unique_field,
        description=charge.description,
        filter=charge.filter,
        tax_category=charge.tax_category,
        terms=terms_of(charge, currency),
    )


def terms_of(charge: Charge, currency: str) -> ChargeTerms:
    """Return a charge's terms; its minimum and maximum in major units of `currency`."""
    return ChargeTerms(
        model=ChargeModel(charge.model),
        included_quantity=charge.included_quantity,
        unit_price=charge.unit_price,
        package_size=charge.package_size,
        package_price=charge.package_price,
        tiers=None if charge.tiers is None else tuple(_tier(tier) for tier in charge.tiers),
        rate=charge.rate,
        fixed_fee=charge.fixed_fee,
        minimum=_major(charge.minimum_minor, currency),
        maximum=_major(charge.maximum_minor, currency),
    )


def _major(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Money(minor, currency).major


def _tier(tier: dict[str, str | None]) -> Tier:
    def number(name: str) -> Decimal | None:
        value = tier.get(name)
        return None if value is None else parse_decimal(value)

    return Tier(up_to=number("upTo"), unit_price=number("unitPrice"), flat_fee=number("flatFee"))
