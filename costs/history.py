"""What charges have counted day by day, over periods and plans: what an estimate goes by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.catalog.models import Aggregation
from billing.catalog.terms import PricedCharge, plan_terms
from billing.kernel.decimals import exact
from billing.metering.groups import HourUsage, usage_by_hour
from billing.models import Segment, SubscriptionPeriod
from costs.projecting import LONGEST_HISTORY

DAY: Final = timedelta(days=1)
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Hours of usage by charge in the open period, and days of each kind of charge before today.

    Charges of different plans are of one kind where they take the same events.
    """

    hours: Mapping[UUID, Sequence[HourUsage]]
    days: Mapping[Kind, Mapping[date, Decimal]]

    def before(self, charge: PricedCharge, today: date) -> list[tuple[int, Decimal]]:
        """Return (weekday, quantity) of each day from the first with usage up to yesterday."""
        days = self.days.get(kind_of(charge), {})
        first = max(min(days, default=today), today - LONGEST_HISTORY * DAY)
        span = (first + number * DAY for number in range((today - first).days))
        return [(day.weekday(), days.get(day, Decimal(0))) for day in span]


def kind_of(charge: PricedCharge) -> Kind:
    """Name what a charge takes: its meter and its filter."""
    return charge.metric_type, json.dumps(charge.filter, sort_keys=True, default=str)


def history_of(period: SubscriptionPeriod, zone: ZoneInfo, *, now: datetime) -> History:
    """Read the open period's hours, and those of 28 days before now."""
    since = now - (LONGEST_HISTORY + 1) * DAY
    periods = list(
        SubscriptionPeriod.objects.filter(
            account_id=period.account_id, start_at__lt=now, end_at__gt=since
        )
    )
    charges = _charges(periods)
    found = usage_by_hour(
        [one.id for one in periods] or [period.id],
        list(charges),
        [key for key, charge in charges.items() if charge.aggregation == Aggregation.UNIQUE],
    )
    hours: dict[UUID, list[HourUsage]] = {}
    for hour in found:
        if hour.period_id == period.id:
            hours.setdefault(hour.charge_id, []).append(hour)
    return History(hours=hours, days=_days(found, charges, zone))


def _charges(periods: Sequence[SubscriptionPeriod]) -> dict[UUID, PricedCharge]:
    subscriptions = {period.subscription_id for period in periods}
    versions = Segment.objects.filter(subscription_id__in=subscriptions)
    ids = set(versions.values_list("plan_version_id", flat=True))
    return {charge.id: charge for version in ids for charge in plan_terms(version).charges}


def _days(
    hours: Iterable[HourUsage], charges: Mapping[UUID, PricedCharge], zone: ZoneInfo
) -> dict[Kind, dict[date, Decimal]]:
    """Add hours up to days of the zone: what they sum, or how many events there were."""
    days: dict[Kind, dict[date, Decimal]] = {}
    with exact():
        for hour in hours:
            charge = charges[hour.charge_id]
            counts = charge.aggregation == Aggregation.COUNT
            quantity = Decimal(hour.events) if counts else hour.total
            own = days.setdefault(kind_of(charge), {})
            day = hour.hour_at.astimezone(zone).date()
            own[day] = own.get(day, Decimal(0)) + quantity
    return days
