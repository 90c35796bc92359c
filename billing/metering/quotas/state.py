"""How quotas stand: the kept sums, or counted where a window has none. Nothing is locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Final
from uuid import UUID

from django.db.models import Q, Sum

from billing.kernel.decimals import exact
from billing.kernel.periods import Period
from billing.metering.quotas.admission import calendar_of
from billing.metering.quotas.counting import usage_of
from billing.metering.quotas.models import (
    QuotaReservation,
    QuotaWindow,
    ReservationStatus,
    UsageQuota,
)

NOTHING: Final = Decimal(0)
CENT: Final = Decimal("0.01")
WIDE: Final = Context(prec=100)
"""Room for the largest usage of the smallest limit; a quotient has no exact decimal in general."""


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota and the window that holds now. `reserved`: what open reservations hold."""

    quota: UsageQuota
    span: Period
    used: Decimal
    reserved: Decimal

    @property
    def remaining(self) -> Decimal:
        with exact():
            return max(NOTHING, self.quota.limit - self.used - self.reserved)

    @property
    def percent(self) -> Decimal:
        """Return how much of the limit is used, in percent, to two places."""
        with localcontext(WIDE):
            return max(NOTHING, (self.used * 100 / self.quota.limit).quantize(CENT))

    def warns(self, requested: Decimal = NOTHING) -> bool:
        """Say whether so much more reaches the threshold."""
        with exact():
            used = self.used + self.reserved + requested
            return used * 100 >= self.quota.limit * self.quota.warning_percent

    def exceeds(self, requested: Decimal = NOTHING) -> bool:
        """Say whether so much more is over the limit."""
        with exact():
            return self.used + self.reserved + requested > self.quota.limit


def states_of(quotas: Sequence[UsageQuota], *, now: datetime) -> list[QuotaState]:
    """Return how one account's quotas stand at `now`, the account's time; in their order.

    The quotas have their account and meter loaded. Two queries, however much was used; three more
    for a window that nothing was recorded in since a void, or since its period has changed.
    """
    if not quotas:
        return []
    calendar = calendar_of(quotas, now, now)
    spans = [calendar.window_of(quota.period, now) for quota in quotas]
    found = {
        (row.quota_id, row.start_at, row.end_at): row
        for row in QuotaWindow.objects.filter(_any_of(quotas, spans), is_counted=True)
    }
    reserved = _reserved(quotas, spans, now=now)
    states = []
    for quota, span in zip(quotas, spans, strict=True):
        row = found.get((quota.pk, span.start, span.end))
        used = row.used if row is not None else usage_of(quota, [span])[0][0]
        states.append(QuotaState(quota, span, used, reserved.get(quota.pk, NOTHING)))
    return states


def _any_of(quotas: Sequence[UsageQuota], spans: Sequence[Period]) -> Q:
    wanted = Q(pk__isnull=True)
    for quota, span in zip(quotas, spans, strict=True):
        wanted |= Q(quota_id=quota.pk, start_at=span.start, end_at=span.end)
    return wanted


def _reserved(
    quotas: Sequence[UsageQuota], spans: Sequence[Period], *, now: datetime
) -> dict[UUID, Decimal]:
    """Return what reservations hold that have not expired, seen at once."""
    wanted = Q(pk__isnull=True)
    for quota, span in zip(quotas, spans, strict=True):
        within = Q(reserved_at__gte=span.start, reserved_at__lt=span.end)
        wanted |= Q(quota_id=quota.pk) & within
    rows = QuotaReservation.objects.filter(
        wanted, status=ReservationStatus.OPEN, expires_at__gt=now
    )
    sums = rows.values("quota_id").annotate(held=Sum("amount"))
    return {row["quota_id"]: row["held"] for row in sums if row["quota_id"]}
