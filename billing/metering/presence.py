"""Whether there is usage at all, and which events there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from billing.metering.durable import make_durable
from billing.metering.models import UsageBucket, UsageEvent


def has_usage(*, meter_id: int) -> bool:
    """Say whether any event ever came in for a meter, voided ones too: its bucket stays."""
    return UsageBucket.objects.filter(meter_id=meter_id).exists()


def stored_ids(account_id: UUID, event_ids: Sequence[str]) -> set[str]:
    """Return which of these ids the account's events have on disk, voided ones too."""
    found = UsageEvent.objects.filter(account_id=account_id, event_id__in=event_ids)
    stored = set(found.values_list("event_id", flat=True))
    if stored:
        make_durable()
    return stored
