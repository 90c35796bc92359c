"""Which of some events a hard quota lets in: decided under the windows' locks, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from billing.catalog.models import Aggregation
from billing.kernel.decimals import exact
from billing.kernel.errors import BillingError
from billing.kernel.periods import Period
from billing.kernel.zones import zone
from billing.metering.events import NewEvent
from billing.metering.parts import Part
from billing.metering.presence import stored_ids
from billing.metering.quotas import counting, notices
from billing.metering.quotas.counting import Key
from billing.metering.quotas.held import Held
from billing.metering.quotas.models import QuotaPeriod, UsageQuota
from billing.metering.quotas.windows import MONTH_AND_MORE, Calendar
from billing.subscriptions.models import SubscriptionPeriod

Refusals = dict[tuple[UUID, str], BillingError]

SEEN_VALUES = """
SELECT value FROM billing_quotawindowvalue WHERE window_id = %s AND value = ANY(%s)
"""


@dataclass(slots=True)
class Guard:
    """An account's quotas by meter, and the calendar by which their windows are cut."""

    quotas: Mapping[int, UsageQuota]
    calendar: Calendar
    part: Part

    @property
    def now(self) -> datetime:
        return self.part.recorded_at

    def guarded(self) -> Iterable[tuple[NewEvent, int, UsageQuota, Period]]:
        """Walk the events that a quota is about, in the order in which they came."""
        for event, seq in sorted(self.part.numbered, key=lambda pair: pair[1]):
            quota = self.quotas.get(event.meter.id)
            if quota is not None:
                yield event, seq, quota, self.calendar.window_of(quota.period, event.occurred_at)


def admit(parts: Sequence[Part]) -> Refusals:
    """Leave in the parts what is new and fits; return the refusals by account and event id.

    Takes out what is stored already, of every part. The caller's transaction holds the timelines'
    locks, and inserts all that is left: where one of the ids came in meanwhile, it rolls back and
    begins anew, since what was counted for it here is too much.
    """
    guards = _guards(parts)
    held = counting.hold(
        (quota, span) for guard in guards.values() for _, _, quota, span in guard.guarded()
    )
    # Only now: who was let in before us, under the same lock, has committed.
    for part in parts:
        _leave_out(part, stored_ids(part.account_id, list(part.first)))
    _look_for_values(guards.values(), held)
    with exact():
        counting.expire(held.values(), now={one: guard.now for one, guard in guards.items()})
        refusals = _refuse(guards, held)
        for window in held.values():
            notices.tell(window, now=guards[window.quota.account_id].now)
        counting.save(held.values())
    for part in parts:
        _leave_out(part, {event_id for who, event_id in refusals if who == part.account_id})
    return refusals


def _refuse(guards: Mapping[UUID, Guard], held: Mapping[Key, Held]) -> Refusals:
    """Take in what fits, event by event; return what does not."""
    refusals: Refusals = {}
    for account_id, guard in guards.items():
        for event, seq, quota, span in guard.guarded():
            window = held[quota.pk, span.start, span.end]
            if not window.admits(event, seq):
                refusals[account_id, event.event_id] = window.refusal()
    return refusals


def _leave_out(part: Part, event_ids: set[str]) -> None:
    if event_ids:
        part.numbered = [pair for pair in part.numbered if pair[0].event_id not in event_ids]


def _guards(parts: Sequence[Part]) -> dict[UUID, Guard]:
    quotas: dict[UUID, dict[int, UsageQuota]] = {}
    for quota in active_quotas([part.account_id for part in parts]):
        quotas.setdefault(quota.account_id, {})[quota.meter_id] = quota
    guards = {}
    for part in parts:
        found = quotas.get(part.account_id)
        if found and part.numbered:
            moments = [event.occurred_at for event, _ in part.numbered]
            calendar = calendar_of(found.values(), min(moments), max(moments))
            guards[part.account_id] = Guard(found, calendar, part)
    return guards


def active_quotas(account_ids: Sequence[UUID]) -> list[UsageQuota]:
    """Return the active quotas of accounts with their meters and accounts: one query."""
    rows = UsageQuota.objects.filter(account_id__in=account_ids, is_active=True)
    return list(rows.select_related("meter", "account").order_by("account_id", "meter_id"))


def calendar_of(quotas: Iterable[UsageQuota], start: datetime, end: datetime) -> Calendar:
    """Return the calendar of one account's quotas, right for the instants from start to end."""
    found = list(quotas)
    account = found[0].account
    periods: list[Period] = []
    if any(quota.period == QuotaPeriod.BILLING_PERIOD for quota in found):
        rows = SubscriptionPeriod.objects.filter(
            account_id=account.pk,
            end_at__gt=start - MONTH_AND_MORE,
            start_at__lt=end + MONTH_AND_MORE,
        )
        stretches = rows.order_by("start_at", "pk").values_list("start_at", "end_at")
        periods = [Period(first, last) for first, last in stretches if first < last]
    return Calendar(zone(account.timezone), periods)


def _look_for_values(guards: Iterable[Guard], held: Mapping[Key, Held]) -> None:
    """Ask which distinct values of the events the windows of UNIQUE meters have seen."""
    wanted: dict[Key, set[str]] = {}
    for guard in guards:
        for event, _, quota, span in guard.guarded():
            if event.meter.aggregation == Aggregation.UNIQUE:
                key = (quota.pk, span.start, span.end)
                wanted.setdefault(key, set()).add(event.unique_value)
    with connection.cursor() as cursor:
        for key, values in wanted.items():
            cursor.execute(SEEN_VALUES, [held[key].id, sorted(values)])
            held[key].values = {row[0] for row in cursor.fetchall()}
