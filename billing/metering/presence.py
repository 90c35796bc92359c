"""Whether there is usage at all."""

from __future__ import annotations

from billing.metering.models import UsageBucket


def has_usage(*, meter_id: int) -> bool:
    """Say whether any event ever came in for a meter, voided ones too: its bucket stays."""
    return UsageBucket.objects.filter(meter_id=meter_id).exists()
