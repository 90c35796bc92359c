"""For random usage, plans and groups every way of splitting the usage cost sums to it, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.kernel.money import Money
from billing.metering.record import record
from billing.models import Account, Meter, Segment
from costs.charting import timeline
from costs.intervals import Granularity
from costs.periods import PeriodCosts, open_costs
from costs.queries import center_spends
from costs.splitting import GroupBy, split
from invoicing.models import LineType
from invoicing.queries import preview
from tenants.models import CostCenter
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2025, 4, 1, 10, 20, tzinfo=UTC)
END = datetime(2025, 5, 1, 10, 20, tzinfo=UTC)
NOW = datetime(2025, 4, 20, 3, 0, tzinfo=UTC)
TIERS = [
    {"upTo": "50", "unitPrice": "0.17", "flatFee": "1"},
    {"upTo": "200", "unitPrice": "0.05", "flatFee": "0.333"},
    {"upTo": None, "unitPrice": "0.011"},
]
STAIRS = [{"upTo": "10", "flatFee": "0.07"}, {"upTo": None, "flatFee": "9.99"}]
MODELS: list[dict[str, Any]] = [
    {"model": "PER_UNIT", "unit_price": Decimal("0.0351")},
    {"model": "PER_UNIT", "unit_price": Decimal("0.1"), "included_quantity": Decimal(40)},
    {"model": "PACKAGE", "package_size": Decimal(7), "package_price": Decimal("0.99")},
    {"model": "GRADUATED", "tiers": TIERS},
    {"model": "VOLUME", "tiers": TIERS},
    {"model": "STAIRCASE", "tiers": STAIRS},
    {"model": "PERCENTAGE", "rate": Decimal("2.9"), "fixed_fee": Decimal("0.015")},
]
AGGREGATIONS = ("SUM", "COUNT", "MAX", "LATEST", "UNIQUE")


@dataclass(frozen=True)
class Use:
    """An event to be: which charge's meter, when after the start, how much, of whom."""

    meter: int
    minutes: int
    quantity: int
    resource: str
    kind: str
    center: int
    user: str
    corrects: bool


USES = st.builds(
    Use,
    meter=st.integers(0, 3),
    minutes=st.integers(0, 27_000),
    quantity=st.integers(0, 300),
    resource=st.sampled_from(["", "a", "b", "c"]),
    kind=st.sampled_from(["", "vm", "db"]),
    center=st.integers(0, 3),
    user=st.sampled_from(["u1", "u2", "u3"]),
    corrects=st.booleans(),
)
CHARGES = st.tuples(
    st.sampled_from(MODELS),
    st.sampled_from([None, 100, 2_345]),
    st.sampled_from([None, 2_500]),
)


def world(
    charges: list[tuple[dict[str, Any], int | None, int | None]],
    kinds: list[str],
    change_at: int | None,
    commitment: int | None,
) -> tuple[Account, list[Meter], list[CostCenter]]:
    """Make an account on a plan of these charges; from a minute on, on a second one alike."""
    account = factories.account()
    meters = [factories.meter(kind) for kind in kinds]
    versions = []
    for number in range(1 if change_at is None else 2):
        version = factories.plan_version(
            price_minor=1000, minimum_commitment_minor=commitment if number == 0 else None
        )
        for meter, (terms, minimum, maximum) in zip(meters, charges, strict=True):
            given_ = {"unit_price": None, **terms}
            factories.charge(version, meter, minimum_minor=minimum, maximum_minor=maximum, **given_)
        versions.append(version)
    subscription = factories.subscription(account, versions[-1], START)
    factories.period(subscription, START, END)
    if change_at is not None:
        at = START + timedelta(minutes=change_at)
        Segment.objects.filter(subscription=subscription).update(
            end_at=at, plan_version=versions[0]
        )
        factories.segment(subscription, versions[1], at)
    centers: list[CostCenter] = []
    for code in ("x", "y", "z"):
        parent = centers[0] if code == "y" else None
        given_ = {"created_at": START, "updated_at": START, "parent": parent}
        centers.append(CostCenter.objects.create(account=account, name=code, code=code, **given_))
    return account, meters, centers


def use_all(
    account: Account, meters: list[Meter], centers: list[CostCenter], uses: list[Use]
) -> None:
    events = []
    for use in uses:
        meter = meters[use.meter]
        is_sum = meter.aggregation == "SUM" and use.corrects
        given_: dict[str, Any] = {"cost_center_id": str(centers[use.center - 1].id)}
        events.append(
            factories.usage(
                meter,
                START + timedelta(minutes=use.minutes),
                str(-use.quantity if is_sum else use.quantity),
                is_correction=is_sum,
                resource_id=use.resource,
                resource_type=use.kind,
                user_id=use.user,
                **(given_ if use.center else {}),
            )
        )
    if events:
        record([factories.batch(account, *events)])


def sums_of(costs: PeriodCosts, account: Account) -> Iterator[tuple[str, Money]]:
    """Yield what each way of splitting comes to."""
    currency = costs.currency
    for group_by in GroupBy:
        found = split(costs, group_by)
        parts = [group.cost for group in found.groups]
        yield group_by.value, Money.total([*parts, found.unattributed], currency)
    for granularity in Granularity:
        found_ = timeline(costs, start=None, end=None, granularity=granularity, now=NOW)
        yield granularity.value, Money.total([p.cost for p in found_.points], currency)
        yield "cumulative", found_.points[-1].cumulative
    spends = center_spends(account, now=NOW)
    yield "own", Money.total([*spends.own.values(), spends.unallocated], currency)
    tops = [spends.subtree[one.id] for one in spends.centers if one.parent_id is None]
    yield "subtree", Money.total([*tops, spends.unallocated], currency)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    charges=st.lists(CHARGES, min_size=4, max_size=4),
    kinds=st.lists(st.sampled_from(AGGREGATIONS), min_size=4, max_size=4),
    uses=st.lists(USES, max_size=25),
    change_at=st.none() | st.integers(1, 20_000),
    commitment=st.sampled_from([None, 5_000]),
)
def test_every_split_sums_to_the_previews_usage(
    charges: Any, kinds: list[str], uses: list[Use], change_at: int | None, commitment: int | None
) -> None:
    with transaction.atomic():
        account, meters, centers = world(charges, kinds, change_at, commitment)
        use_all(account, meters, centers, uses)

        costs = open_costs(account, now=NOW)

        bill = preview(account_id=account.id, now=NOW)
        usage = {LineType.USAGE, LineType.MINIMUM}
        lines = [line.amount for line in bill.lines if line.type in usage]
        assert costs.usage == Money.total(lines, costs.currency)
        sums = dict(sums_of(costs, account))
        assert sums == dict.fromkeys(sums, costs.usage)
        transaction.set_rollback(True)
