"""The meters as recording needs them, kept in the process for a second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from billing.catalog.models import Meter
from billing.metering.events import MeterTraits

FRESH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class KnownMeter:
    """A meter, with what may change of it."""

    traits: MeterTraits
    unit: str
    is_active: bool


class MeterBook:
    """All meters by metricType. Read again after a second, and at once where `fresh` is asked for.

    So a change is seen everywhere within a second, and a new meter at once: whoever does not find
    a metricType, or finds it inactive, asks for a fresh book before saying no.
    """

    def __init__(self) -> None:
        self._meters: Mapping[str, KnownMeter] = {}
        self._read_at = float("-inf")

    def meters(self, *, fresh: bool = False) -> Mapping[str, KnownMeter]:
        now = time.monotonic()
        if fresh or now - self._read_at > FRESH_SECONDS:
            self._meters = {
                meter.metric_type: KnownMeter(MeterTraits.of(meter), meter.unit, meter.is_active)
                for meter in Meter.objects.all()
            }
            self._read_at = now
        return self._meters


BOOK: Final = MeterBook()
