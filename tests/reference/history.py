"""What can happen to a tenant, each at an instant: the calculator's whole input."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.reference.pricing import Event
from tests.reference.terms import Plan


@dataclass(frozen=True)
class Step:
    at: datetime


@dataclass(frozen=True)
class Create(Step):
    """A subscription begins at `at`, or at `start_at`; trial_days None: the plan's own."""

    plan: Plan
    zone: str = "UTC"
    trial_days: int | None = None
    start_at: datetime | None = None


@dataclass(frozen=True)
class Change(Step):
    plan: Plan
    now: bool = True
    prorate: bool = True


@dataclass(frozen=True)
class Pause(Step):
    pass


@dataclass(frozen=True)
class Resume(Step):
    pass


@dataclass(frozen=True)
class Cancel(Step):
    immediately: bool = False


@dataclass(frozen=True)
class Reactivate(Step):
    pass


@dataclass(frozen=True)
class Discount(Step):
    """Percent off, or an amount in minor units; also a redeemed coupon of these kinds."""

    percent: Fraction | None = None
    amount: int | None = None
    months: int | None = None
    coupon: bool = False


@dataclass(frozen=True)
class Credit(Step):
    """A grant in minor units; also a redeemed coupon of kind CREDIT."""

    amount: int
    expires_at: datetime | None = None
    coupon: bool = False


@dataclass(frozen=True)
class Usage(Step):
    event: Event


@dataclass(frozen=True)
class Void(Step):
    event_id: str


@dataclass(frozen=True)
class History:
    """Steps in the order in which they happened, until `end`."""

    currency: str
    steps: list[Step] = field(default_factory=list)
    end: datetime | None = None
