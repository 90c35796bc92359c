"""Which charge of a plan version takes an event, looked up by the meter's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from billing.catalog.terms import PricedCharge, plan_terms
from billing.metering.events import NO_ID_TEXT
from billing.rating.filters import ChargeFilter, ChargeMatcher


@dataclass(frozen=True, slots=True)
class MeterCharges:
    """A plan version's charges by meter: `fixed` where no metadata decides, else a matcher."""

    fixed: Mapping[int, str]
    filtered: Mapping[int, tuple[str, ChargeMatcher[str]]]

    def charge_of(self, meter_id: int, metadata: Mapping[str, object] | None) -> str:
        """Return the charge's id, or the zero UUID where nothing is charged."""
        fixed = self.fixed.get(meter_id)
        if fixed is not None:
            return fixed
        if meter_id not in self.filtered:
            return NO_ID_TEXT
        metric_type, matcher = self.filtered[meter_id]
        return matcher.charge_for(metric_type, metadata) or NO_ID_TEXT


NOTHING_CHARGED = MeterCharges(fixed={}, filtered={})


@lru_cache(maxsize=2000)
def charges_of(version_id: UUID) -> MeterCharges:
    """Compile a version's charges. Cached without end: a version never changes."""
    by_meter: dict[int, list[PricedCharge]] = {}
    for charge in plan_terms(version_id).charges:
        by_meter.setdefault(charge.meter_id, []).append(charge)
    fixed: dict[int, str] = {}
    filtered: dict[int, tuple[str, ChargeMatcher[str]]] = {}
    for meter_id, charges in by_meter.items():
        if any(charge.filter for charge in charges):
            filtered[meter_id] = (charges[0].metric_type, _matcher(charges))
        else:
            fixed[meter_id] = str(charges[0].id)
    return MeterCharges(fixed=fixed, filtered=filtered)


def _matcher(charges: list[PricedCharge]) -> ChargeMatcher[str]:
    return ChargeMatcher(
        ChargeFilter(key=str(charge.id), metric_type=charge.metric_type, properties=charge.filter)
        for charge in charges
    )
