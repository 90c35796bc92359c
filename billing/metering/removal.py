"""Forgetting all usage of accounts: of test clocks that are deleted, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from billing.metering.models import (
    UsageBucket,
    UsageBucketValue,
    UsageCounter,
    UsageCounterValue,
    UsageEvent,
    UsageTimeline,
)
from billing.metering.quotas.erasing import forget_quotas_of


def forget_usage(account_ids: Sequence[UUID]) -> None:
    """Delete events, counters and quotas of the accounts, within the caller's transaction."""
    forget_quotas_of(account_ids)
    buckets = UsageBucket.objects.filter(account_id__in=account_ids)
    UsageBucketValue.objects.filter(bucket_id__in=buckets.values("id")).delete()
    buckets.delete()
    counters = UsageCounter.objects.filter(account_id__in=account_ids)
    UsageCounterValue.objects.filter(period_id__in=counters.values("period_id")).delete()
    counters.delete()
    UsageEvent.objects.filter(account_id__in=account_ids).delete()
    UsageTimeline.objects.filter(account_id__in=account_ids).delete()
