"""Stored charges as the pricing functions take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from billing.catalog.models import Charge, PlanVersion
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import NotFound
from billing.kernel.money import Money
from billing.pricing import ChargeModel, ChargeTerms, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedCharge:
    """A charge of a plan version: what can never change, so it may be kept for ever.

    The meter's name and unit may change and are not here; its aggregation may not, once charged.
    """

    id: UUID
    position: int
    meter_id: int
    metric_type: str
    aggregation: str
    unique_field: str
    description: str
    filter: Mapping[str, Any] | None
    tax_category: str
    terms: ChargeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedVersion:
    """A plan version with its charges in the plan's order."""

    id: UUID
    plan_id: UUID
    version: int
    currency: str
    interval: str
    price: Money
    pay_in_advance: bool
    trial_days: int
    minimum_commitment: Money | None
    tax_category: str
    charges: tuple[AgreedCharge, ...]


def terms_of(charge: Charge, currency: str) -> ChargeTerms:
    """Turn a row into terms. Money comes back in major units, every number exactly as given."""
    return ChargeTerms(
        model=ChargeModel(charge.model),
        included_quantity=charge.included_quantity,
        unit_price=charge.unit_price,
        package_size=charge.package_size,
        package_price=charge.package_price,
        tiers=None if charge.tiers is None else tuple(_tier(tier) for tier in charge.tiers),
        rate=charge.rate,
        fixed_fee=charge.fixed_fee,
        minimum=major_of(charge.minimum_minor, currency),
        maximum=major_of(charge.maximum_minor, currency),
    )


@lru_cache(maxsize=2048)
def agreed_version(version_id: UUID) -> AgreedVersion:
    """Return a version as it was agreed, from this process's memory after the first time.

    Versions and their charges never change, so nothing has to be forgotten. Raises NotFound.
    """
    found = PlanVersion.objects.prefetch_related("charges__meter").filter(pk=version_id).first()
    if found is None:
        raise NotFound(noun="plan")
    minimum = found.minimum_commitment_minor
    return AgreedVersion(
        id=found.id,
        plan_id=found.plan_id,
        version=found.version,
        currency=found.currency,
        interval=found.interval,
        price=Money(found.price_minor, found.currency),
        pay_in_advance=found.pay_in_advance,
        trial_days=found.trial_days,
        minimum_commitment=None if minimum is None else Money(minimum, found.currency),
        tax_category=found.tax_category,
        charges=tuple(_agreed(charge, found.currency) for charge in found.charges.all()),
    )


def _agreed(charge: Charge, currency: str) -> AgreedCharge:
    return AgreedCharge(
        id=charge.id,
        position=charge.position,
        meter_id=charge.meter_id,
        metric_type=charge.meter.metric_type,
        aggregation=charge.meter.aggregation,
        unique_field=charge.meter.unique_field,
        description=charge.description,
        filter=charge.filter,
        tax_category=charge.tax_category,
        terms=terms_of(charge, currency),
    )


def _tier(stored: Mapping[str, str | None]) -> Tier:
    return Tier(
        up_to=_decimal(stored["upTo"]),
        unit_price=_decimal(stored["unitPrice"]),
        flat_fee=_decimal(stored["flatFee"]),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def major_of(minor: int | None, currency: str) -> Decimal | None:
    """Return stored money in major units without zeros at the end: 30, not 30.00."""
    return None if minor is None else Decimal(format_decimal(Money(minor, currency).major))
