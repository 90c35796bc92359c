"""Plans and charges, read from the bodies that the API takes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.reference.money import minor

AGGREGATIONS = {
    "API_CALLS": "SUM",
    "QUERY_EXECUTIONS": "SUM",
    "ML_INFERENCE_REQUESTS": "SUM",
    "DASHBOARD_VIEWS": "SUM",
    "PIPELINE_RUNS": "SUM",
    "CONNECTOR_SYNCS": "SUM",
    "COMPUTE_SECONDS": "SUM",
    "DATA_TRANSFER_BYTES": "SUM",
    "STORAGE_BYTES": "MAX",
    "ACTIVE_USERS": "UNIQUE",
    # These two are made by the driver.
    "REFERENCE_COUNT": "COUNT",
    "REFERENCE_LATEST": "LATEST",
}


@dataclass(frozen=True)
class Tier:
    """Quantities up to and including `up_to`; prices in minor units."""

    up_to: Fraction | None
    unit_price: Fraction
    flat_fee: Fraction


@dataclass(frozen=True)
class Charge:
    """One price of a plan. Money in minor units, `rate` in percent."""

    metric: str
    model: str
    unit_price: Fraction
    package_size: Fraction
    package_price: Fraction
    rate: Fraction
    fixed_fee: Fraction
    tiers: tuple[Tier, ...]
    included: Fraction | None
    wanted: tuple[tuple[str, str], ...]
    minimum: Fraction | None
    maximum: Fraction | None
    minor_units: int


@dataclass(frozen=True)
class Plan:
    """A version of a plan. `price` and `commitment` in minor units."""

    code: str
    currency: str
    interval: str
    price: Fraction
    in_advance: bool
    trial_days: int
    commitment: Fraction | None
    charges: tuple[Charge, ...]


def read_charge(body: dict[str, Any], currency: str) -> Charge:
    def money(name: str) -> Fraction:
        return minor(body.get(name, "0"), currency)

    tiers = tuple(
        Tier(
            up_to=None if tier["upTo"] is None else Fraction(tier["upTo"]),
            unit_price=minor(tier.get("unitPrice", "0"), currency),
            flat_fee=minor(tier.get("flatFee", "0"), currency),
        )
        for tier in body.get("tiers", [])
    )
    return Charge(
        metric=body["metricType"],
        model=body["model"],
        unit_price=money("unitPrice"),
        package_size=Fraction(body.get("packageSize", "1")),
        package_price=money("packagePrice"),
        rate=Fraction(body.get("rate", "0")),
        fixed_fee=money("fixedFee"),
        tiers=tiers,
        included=Fraction(body["includedQuantity"]) if "includedQuantity" in body else None,
        wanted=tuple(body.get("filter", {}).items()),
        minimum=money("minimumAmount") if "minimumAmount" in body else None,
        maximum=money("maximumAmount") if "maximumAmount" in body else None,
        minor_units=int(minor("1", currency)),
    )


def read_plan(body: dict[str, Any]) -> Plan:
    """Read what POST /plans takes."""
    currency = body.get("currency", "USD")
    return Plan(
        code=body["code"],
        currency=currency,
        interval=body.get("interval", "MONTH"),
        price=minor(body.get("price", "0"), currency),
        in_advance=body.get("payInAdvance", False),
        trial_days=body.get("trialDays", 0),
        commitment=(
            minor(body["minimumCommitment"], currency) if "minimumCommitment" in body else None
        ),
        charges=tuple(read_charge(charge, currency) for charge in body.get("charges", [])),
    )
