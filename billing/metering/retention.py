"""Deleting events that are older than the retention. What they counted stays counted.

An event that is gone can't come again as new: one so old is refused. Whole hours are deleted, of
one account at a time, in batches under its timeline's lock, which keeps recording and counting
anew away for no longer than a batch takes. `UsageTimeline.kept_from` says from where on all events
are there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection

from billing.accounts.models import Account
from billing.kernel.services import service
from billing.metering.models import UsageTimeline
from billing.metering.timeline import lock_timeline_exclusive

log = structlog.get_logger(__name__)

BATCH: Final = 5_000
LIMIT_BATCHES: Final = 2_000
"""Batches of one run: ten million events. What is left, the next run takes."""

LIMIT_ACCOUNTS: Final = 1_000
MARGIN_DAYS: Final = 1

# By each account's own time, whole hours, and nothing of a period that is not over.
OVERDUE: Final = """
SELECT a.id, o.before
FROM billing_account a
LEFT JOIN billing_testclock c ON c.id = a.test_clock_id
CROSS JOIN LATERAL (
    SELECT date_trunc('hour', least(
        coalesce(c.frozen_time, %(now)s) - make_interval(days => %(days)s),
        (SELECT min(p.start_at) FROM billing_subscriptionperiod p
         WHERE p.account_id = a.id AND p.end_at > coalesce(c.frozen_time, %(now)s))
    ), 'UTC') AS before
) AS o
WHERE EXISTS (SELECT FROM billing_usageevent e
              WHERE e.account_id = a.id AND e.occurred_at < o.before)
ORDER BY a.id LIMIT %(limit)s
"""
DELETE: Final = """
DELETE FROM billing_usageevent e USING (
    SELECT account_id, event_id FROM billing_usageevent
    WHERE account_id = %s AND occurred_at < %s ORDER BY occurred_at, seq LIMIT %s
) AS old
WHERE e.account_id = old.account_id AND e.event_id = old.event_id
"""
KEEP_FROM: Final = """
UPDATE billing_usagetimeline SET kept_from = greatest(kept_from, %s) WHERE account_id = %s
"""


def sweep(*, now: datetime) -> int:
    """Delete what is a day older than the retention, within limits; return how many events."""
    days = settings.BILLING["BILLING_RETENTION_DAYS"] + MARGIN_DAYS
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, {"now": now, "days": days, "limit": LIMIT_ACCOUNTS})
        overdue = cursor.fetchall()
    left, total = LIMIT_BATCHES, 0
    for account_id, before in overdue:
        deleted = BATCH
        while deleted == BATCH and left > 0:
            deleted = delete_batch(account_id=account_id, before=before)
            total += deleted
            left -= 1
    if total:
        log.info("old_usage_deleted", events=total, accounts=len(overdue), all_done=left > 0)
    return total


@service
def delete_batch(*, account_id: UUID, before: datetime) -> int:
    """Delete the account's oldest events before a whole hour, at most BATCH; return how many."""
    Account.objects.lock(account_id, even_closed=True)
    lock_timeline_exclusive(account_id)
    with connection.cursor() as cursor:
        cursor.execute(KEEP_FROM, [before, account_id])
        cursor.execute(DELETE, [account_id, before, BATCH])
        return int(cursor.rowcount)


def kept_from(account_id: UUID) -> datetime | None:
    """Return the whole hour before which events may be gone; None: all are there."""
    found = UsageTimeline.objects.filter(account_id=account_id).values_list("kept_from", flat=True)
    return found.first()
