"""Voiding an event: it stays on record and no longer counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.accounts import audit
from billing.catalog.models import Aggregation
from billing.kernel.errors import NotFound
from billing.kernel.services import service
from billing.kernel.statements import raw_connection
from billing.metering.events import NO_ID_TEXT, NewEvent
from billing.metering.models import UsageEvent
from billing.metering.rebuild import recompute_counters
from billing.metering.retention import kept_from
from billing.metering.stored import all_meters, counted_events, event_of
from billing.metering.tally import BucketKey, Sums, Tally
from billing.metering.timeline import lock_timeline_exclusive, timeline_of

VOID: Final = """
UPDATE billing_usageevent SET voided_at = %s
WHERE account_id = %s AND event_id = %s AND voided_at IS NULL
RETURNING event_id, meter_id, quantity, is_correction, occurred_at, resource_type, resource_id,
          user_id, cost_center_id::text, metadata::text, seq
"""
TAKE_FROM_BUCKET: Final = """
UPDATE billing_usagebucket
SET total = total - %s, events = events - 1, corrections = corrections - %s
WHERE account_id = %s AND hour_at = %s AND meter_id = %s AND period_id = %s AND charge_id = %s
  AND resource_type = %s AND resource_id = %s AND cost_center_id = %s
RETURNING id, maximum, latest_seq
"""
TAKE_FROM_COUNTER: Final = """
UPDATE billing_usagecounter
SET total = total - %s, events = events - 1, corrections = corrections - %s,
    distinct_values = distinct_values - %s, version = version + 1
WHERE period_id = %s AND charge_id = %s
"""
SET_EXTREMES: Final = """
UPDATE billing_usagebucket SET maximum = %s, latest = %s, latest_at = %s, latest_seq = %s
WHERE id = %s
"""
SAME_BUCKET: Final = """
 AND meter_id = %s AND resource_type = %s AND resource_id = %s AND cost_center_id = %s
"""
DROP_BUCKET_VALUE: Final = """
WITH less AS (
    UPDATE billing_usagebucketvalue SET "references" = "references" - 1
    WHERE bucket_id = %s AND value = %s AND "references" > 1 RETURNING 1
)
DELETE FROM billing_usagebucketvalue
WHERE bucket_id = %s AND value = %s AND "references" = 1 AND NOT EXISTS (SELECT FROM less)
"""
DROP_COUNTER_VALUE: Final = """
WITH less AS (
    UPDATE billing_usagecountervalue SET "references" = "references" - 1
    WHERE period_id = %s AND charge_id = %s AND value = %s AND "references" > 1 RETURNING 1
)
DELETE FROM billing_usagecountervalue
WHERE period_id = %s AND charge_id = %s AND value = %s AND "references" = 1
  AND NOT EXISTS (SELECT FROM less)
"""


@service
def void_event(*, account_id: UUID, event_id: str, now: datetime) -> bool:
    """Void an event; `now` is the account's time. Returns False where it was void already.

    Raises NotFound. Waits for recordings of the account that are under way, and keeps new ones
    waiting until the counters are right again.
    """
    lock_timeline_exclusive(account_id)
    with connection.cursor() as cursor:
        cursor.execute(VOID, [now, account_id, event_id])
        row = cursor.fetchone()
    if row is None:
        if not UsageEvent.objects.filter(account_id=account_id, event_id=event_id).exists():
            raise NotFound(noun="usage event")
        return False
    event, seq = event_of(row, all_meters())
    if event.occurred_at < (kept_from(account_id) or event.occurred_at):
        raise NotFound(noun="usage event")  # about to be deleted, its neighbours may be already
    _take_out(account_id, event, seq)
    audit.record(action="usage.voided", account_id=account_id, subject=event_id, now=now)
    return True


def _take_out(account_id: UUID, event: NewEvent, seq: int) -> None:
    key = _key_of(account_id, event)
    taken = [event.quantity, int(event.is_correction)]
    with connection.cursor() as cursor:
        cursor.execute(TAKE_FROM_BUCKET, [*taken, *key])
        bucket_id, maximum, latest_seq = cursor.fetchone()
        aggregation = event.meter.aggregation
        gone = 0
        if aggregation == Aggregation.UNIQUE:
            gone = _drop_value(cursor, bucket_id, key, event.unique_value)
        was_extreme = (aggregation == Aggregation.MAX and event.quantity == maximum) or (
            aggregation == Aggregation.LATEST and seq == latest_seq
        )
        if was_extreme:
            _set_extremes(cursor, bucket_id, key, event)
        if key.charge_id == NO_ID_TEXT:
            return
        cursor.execute(TAKE_FROM_COUNTER, [*taken, gone, key.period_id, key.charge_id])
    if was_extreme:
        recompute_counters(account_id, [(key.period_id, key.charge_id)])


def _key_of(account_id: UUID, event: NewEvent) -> BucketKey:
    """Find the event's bucket: the timeline is the one that it was counted by, or rebuilt by."""
    timeline = timeline_of(account_id, event.occurred_at, event.occurred_at)
    tally = Tally(str(account_id), timeline)
    tally.add([(event, 0)])
    ((key, _),) = tally.buckets()
    return key


def _drop_value(cursor: Any, bucket_id: int, key: BucketKey, value: str) -> int:
    """Take one reference away; return 1 where the charge has lost the value by that."""
    cursor.execute(DROP_BUCKET_VALUE, [bucket_id, value] * 2)
    if key.charge_id == NO_ID_TEXT:
        return 0
    cursor.execute(DROP_COUNTER_VALUE, [key.period_id, key.charge_id, value] * 2)
    return int(cursor.rowcount)


def _set_extremes(cursor: Any, bucket_id: int, key: BucketKey, voided: NewEvent) -> None:
    """Find the bucket's next maximum and latest among the events that it has left."""
    account_id = UUID(key.account_id)
    tally = Tally(key.account_id, timeline_of(account_id, voided.occurred_at, voided.occurred_at))
    cell = tally.cell_at(voided.occurred_at)
    where = [
        account_id,
        cell.start,
        cell.end,
        voided.meter.id,
        voided.resource_type,
        voided.resource_id,
        voided.cost_center_id,
    ]
    with raw_connection() as raw:
        for chunk in counted_events(raw, where, SAME_BUCKET):
            tally.add(chunk)
    left = dict(tally.buckets()).get(key, Sums())
    cursor.execute(
        SET_EXTREMES, [left.maximum, left.latest, left.latest_at, left.latest_seq, bucket_id]
    )
