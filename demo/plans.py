"""What the demo sells: three plans that show the charge models. Prices per token, in USD."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing.catalog.drafts import ChargeDraft, LimitDraft, VersionDraft
from billing.pricing import ChargeModel, ChargeTerms, Tier

D = Decimal
INPUT: Final = "INPUT_TOKENS"
OUTPUT: Final = "OUTPUT_TOKENS"
REQUESTS: Final = "ML_INFERENCE_REQUESTS"
PROJECTS: Final = ("workspace", "projects")
METERS: Final = ((INPUT, "Input tokens"), (OUTPUT, "Output tokens"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """A plan before it is made."""

    code: str
    name: str
    description: str
    prices: VersionDraft
    limits: tuple[LimitDraft, ...]
    is_default: bool = False


def _charge(metric_type: str, description: str, model: ChargeModel, **terms: object) -> ChargeDraft:
    return ChargeDraft(
        metric_type=metric_type,
        description=description,
        terms=ChargeTerms(model=model, **terms),  # type: ignore[arg-type]
    )


def _version(price: str, *charges: ChargeDraft, **fields: object) -> VersionDraft:
    return VersionDraft(
        currency="USD",
        interval="MONTH",
        price=D(price),
        charges=charges,
        **fields,  # type: ignore[arg-type]
    )


def _limits(*, calls: int, projects: int, members: int) -> tuple[LimitDraft, ...]:
    return (
        LimitDraft(
            service_name="inference",
            feature_key="requests",
            value=calls,
            window="minute",
            description="Requests a minute",
        ),
        LimitDraft(
            service_name=PROJECTS[0],
            feature_key=PROJECTS[1],
            value=projects,
            description="Projects at a time",
        ),
        LimitDraft(
            service_name="billing", feature_key="members", value=members, description="Seats"
        ),
    )


def _tiers(*tiers: tuple[str | None, str | None, str | None]) -> tuple[Tier, ...]:
    """Make tiers of (up to, price of a unit, flat fee)."""
    return tuple(
        Tier(
            up_to=None if up_to is None else D(up_to),
            unit_price=None if unit_price is None else D(unit_price),
            flat_fee=None if flat_fee is None else D(flat_fee),
        )
        for up_to, unit_price, flat_fee in tiers
    )


FREE: Final = DemoPlan(
    code="demo-free",
    name="Free",
    description="To try it: two million tokens a month are included.",
    is_default=True,
    limits=_limits(calls=10, projects=3, members=3),
    prices=_version(
        "0",
        _charge(
            INPUT,
            "Input tokens",
            ChargeModel.PER_UNIT,
            included_quantity=D(2_000_000),
            unit_price=D("0.000004"),
        ),
        _charge(
            OUTPUT,
            "Output tokens",
            ChargeModel.PER_UNIT,
            included_quantity=D(200_000),
            unit_price=D("0.000012"),
        ),
    ),
)
PRO: Final = DemoPlan(
    code="demo-pro",
    name="Pro",
    description="For teams that build on it.",
    limits=_limits(calls=300, projects=20, members=10),
    prices=_version(
        "49.00",
        _charge(
            INPUT,
            "Input tokens, per 1,000",
            ChargeModel.PACKAGE,
            included_quantity=D(5_000_000),
            package_size=D(1000),
            package_price=D("0.006"),
        ),
        _charge(
            OUTPUT,
            "Output tokens, per 1,000",
            ChargeModel.PACKAGE,
            package_size=D(1000),
            package_price=D("0.018"),
        ),
        _charge(
            REQUESTS,
            "Inference requests",
            ChargeModel.GRADUATED,
            tiers=_tiers(
                ("5000", "0.0010", None), ("20000", "0.0006", None), (None, "0.0003", None)
            ),
        ),
        pay_in_advance=True,
        trial_days=14,
    ),
)
ENTERPRISE: Final = DemoPlan(
    code="demo-enterprise",
    name="Enterprise",
    description="Volume prices, with a commitment.",
    limits=_limits(calls=-1, projects=-1, members=-1),
    prices=_version(
        "490.00",
        _charge(
            INPUT,
            "Input tokens",
            ChargeModel.GRADUATED,
            tiers=_tiers(
                ("10000000", "0.000012", None),
                ("30000000", "0.00001", None),
                (None, "0.000008", None),
            ),
        ),
        _charge(
            OUTPUT,
            "Output tokens",
            ChargeModel.VOLUME,
            tiers=_tiers(("500000", "0.00003", None), (None, "0.000024", None)),
        ),
        _charge(
            REQUESTS,
            "Inference capacity",
            ChargeModel.STAIRCASE,
            tiers=_tiers(
                ("10000", None, "60.00"), ("30000", None, "140.00"), (None, None, "250.00")
            ),
        ),
        minimum_commitment=D("500.00"),
    ),
)
PLANS: Final = (FREE, PRO, ENTERPRISE)
