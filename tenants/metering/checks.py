"""What makes an event of what came over the wire: the contract's shapes, then its rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from billing.catalog.models import Aggregation
from billing.kernel.errors import invalid
from billing.kernel.ids import UUID_FORM, uuid7_text
from billing.metering.events import MeterTraits, NewEvent, unique_value_of
from tenants.metering import centers, errors
from tenants.metering.meters import BOOK, KnownMeter
from tenants.metering.quantities import read_metadata, read_quantity
from tenants.metering.wire import Wire

AHEAD: Final = timedelta(hours=1)
ONE: Final = (1, "1")
NOTHING: Final = (None, None)
MARKS: Final = re.compile(rb"[\\\n\t\r]")


class Checker:
    """The checks of one request, or of several of one caller's, with what they all compare with.

    `now` is the account's time. `may_hold_nul`: the body has an escaped NUL somewhere, so texts
    are looked through; nearly no body has, and then nothing is. `is_plain`: see AccountBatch.
    """

    def __init__(self, account_id: UUID, *, now: datetime, may_correct: bool, body: bytes) -> None:
        self.account_id = account_id
        self.now = now
        self.may_correct = may_correct
        self.look_at(body)
        self.is_plain = MARKS.search(body) is None
        self.days = settings.BILLING["BILLING_RETENTION_DAYS"]
        self.earliest = now - timedelta(days=self.days)
        self.latest = now + AHEAD
        self._meters = BOOK.meters()
        self._is_fresh = False
        self._has_fresh_centers = False

    def look_at(self, body: bytes) -> None:
        """Begin with another body, whose events are recorded apart from the first one's."""
        self.may_hold_nul = b"\\u0000" in body

    def shape(self, wire: Wire) -> NewEvent:
        """Return the event, all its rules unchecked, its meter not known yet.

        Raises InvalidRequest where it is not of the contract's shape.
        """
        raw = bytes(wire.quantity)
        quantity, text = read_quantity(raw) if raw else ONE
        raw = bytes(wire.metadata)
        metadata, as_text = read_metadata(raw, may_hold_nul=self.may_hold_nul) if raw else NOTHING
        if self.may_hold_nul:
            _require_no_nul(wire)
        if wire.costCenterId is not None or wire.costCenterCode is not None:
            _check_cost_center_shape(wire)
        moment = wire.timestamp
        if moment is None:
            moment = self.now
        elif moment.tzinfo is not UTC:
            moment = _in_utc(moment)
        return NewEvent(
            wire.eventId or uuid7_text(),
            UNKNOWN,
            quantity,
            text,
            moment,
            wire.correction,
            wire.resourceType or "",
            wire.resourceId or "",
            wire.userId or "",
            metadata=metadata,
            metadata_json=as_text,
        )

    def rules(self, wire: Wire, event: NewEvent) -> None:
        """Give the event its meter. Raises EventRefused for the first rule that it breaks."""
        known = self._meters.get(wire.metricType)
        if known is None or not known.is_active:
            known = self._look_again(wire.metricType)
        meter = event.meter = known.traits
        if wire.unit is not None and wire.unit != known.unit:
            raise errors.WrongUnit(metric_type=meter.metric_type, unit=known.unit)
        if not self.earliest <= event.occurred_at <= self.latest:
            raise self._out_of_time(event.occurred_at)
        if event.quantity < 0 or event.is_correction:
            self._check_correction(event)
        if wire.costCenterId is not None or wire.costCenterCode is not None:
            event.cost_center_id = self._center_of(wire)
        if meter.unique_field:
            event.unique_value = _unique_value(event)

    def _out_of_time(self, moment: datetime) -> errors.EventRefused:
        return errors.TooFarAhead() if moment > self.latest else errors.TooOld(days=self.days)

    def _look_again(self, metric_type: str) -> KnownMeter:
        """Look it up in the table before saying no, once a request."""
        if not self._is_fresh:
            self._meters, self._is_fresh = BOOK.meters(fresh=True), True
        known = self._meters.get(metric_type)
        if known is None:
            raise errors.UnknownMetricType
        if not known.is_active:
            raise errors.MeterInactive(metric_type=metric_type)
        return known

    def _center_of(self, wire: Wire) -> str:
        """Return the id of the tenant's cost center that the event names.

        One that is not active still takes usage. The table is asked before saying no, once a
        request.
        """
        center_id, code = wire.costCenterId, wire.costCenterCode
        found = centers.BOOK.of(self.account_id).id_of(center_id=center_id, code=code)
        if found is None and not self._has_fresh_centers:
            self._has_fresh_centers = True
            known = centers.BOOK.of(self.account_id, fresh=True)
            found = known.id_of(center_id=center_id, code=code)
        if found is None:
            raise errors.UnknownCostCenter
        return found

    def _check_correction(self, event: NewEvent) -> None:
        if event.meter.aggregation != Aggregation.SUM:
            raise errors.NegativeQuantity if event.quantity < 0 else errors.NoCorrection
        if not event.is_correction:
            raise errors.NegativeQuantity
        if not self.may_correct:
            raise errors.CorrectionForbidden


def _unique_value(event: NewEvent) -> str:
    value = unique_value_of(event)
    if not 1 <= len(value) <= 255:
        meter = event.meter
        raise errors.MissingUniqueField(metric_type=meter.metric_type, field=meter.unique_field)
    return value


UNKNOWN: Final = MeterTraits(id=0, metric_type="", aggregation="")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise invalid("timestamp", "is no time that exists") from None


def _check_cost_center_shape(wire: Wire) -> None:
    if wire.costCenterId is not None and wire.costCenterCode is not None:
        raise invalid("costCenterCode", "stands beside costCenterId: give one of them")
    if wire.costCenterId is not None and not UUID_FORM.fullmatch(wire.costCenterId):
        raise invalid("costCenterId", "must be a UUID")


TEXTS: Final = ("metricType", "unit", "eventId", "resourceId", "resourceType", "userId")


def _require_no_nul(wire: Wire) -> None:
    for name in TEXTS:
        if "\x00" in (getattr(wire, name) or ""):
            raise invalid(name, "must not hold NUL or lone surrogates")
