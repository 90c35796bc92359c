"""A subscription: its periods one after the other, and what its owner does to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.reference.calendar_time import boundary, instant_of, local
from tests.reference.fees import Item, Period, Stretch
from tests.reference.sums import Reduction
from tests.reference.terms import Plan

GRACE = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)


class NotAllowed(Exception):
    """The state does not allow it, or the contract does not say what it would mean."""


def require(allowed: object) -> None:
    if not allowed:
        raise NotAllowed


@dataclass
class Draft:
    """An invoice that waits for its time; `coming` is a period whose fee stands on it."""

    kind: str
    start: datetime
    end: datetime
    at: datetime
    period: Period | None = None
    coming: Period | None = None


@dataclass
class Subscription:
    """`status` is one of INCOMPLETE, TRIALING, ACTIVE, PAUSED, CANCELLED.

    `number` counts the periods from `anchor`. `waiting` is the plan whose fee in advance waits
    for the end of a pause. `could_return_until` is when a cancelled one's period would have ended.
    """

    plan: Plan
    zone: str
    anchor: datetime
    trial_days: int
    status: str = "INCOMPLETE"
    number: int = 0
    pending: Plan | None = None
    waiting: Plan | None = None
    cancel_at_end: bool = False
    could_return_until: datetime | None = None
    ended: list[Stretch] = field(default_factory=list)
    paused_at: datetime | None = None
    periods: list[Period] = field(default_factory=list)
    reductions: list[Reduction] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    @property
    def period(self) -> Period:
        return self.periods[-1]

    def period_end_or(self, other: datetime) -> datetime:
        return self.period.end if self.periods else other

    @property
    def live(self) -> bool:
        return self.status != "CANCELLED"

    @property
    def pauses(self) -> list[Stretch]:
        return [*self.ended, (self.paused_at, NEVER)] if self.paused_at else self.ended

    def next_due(self) -> datetime:
        """Return when the subscription begins, or its period ends; NEVER if it is over."""
        if self.status == "INCOMPLETE":
            return self.anchor
        return self.period.end if self.live else NEVER

    def run(self) -> None:
        """Do what is due at `next_due`."""
        if self.status == "INCOMPLETE":
            self.begin(self.anchor)
        else:
            self.end_period(self.period.end)

    def begin(self, at: datetime) -> None:
        self.status = "ACTIVE"
        if self.trial_days:
            self.status, self.number = "TRIALING", -1
            wall = local(at, self.zone) + timedelta(days=self.trial_days)
            self.anchor = instant_of(wall, self.zone)
            self.open(at, self.anchor, trial=True)
            return
        self.open_next(at)
        if any(item.billed_before for item in self.period.items):
            self.drafts.append(Draft("START", at, at, at, coming=self.period))

    def end_period(self, at: datetime) -> None:
        ended = self.period
        if self.cancel_at_end:
            self.status = "CANCELLED"
            self.close_pause(at)
            self.draft(ended, at)
            return
        if self.pending and self.pending.interval != self.plan.interval:
            self.anchor, self.number = at, -1
        self.plan, self.pending = self.pending or self.plan, None
        if ended.trial:
            self.status = "PAUSED" if self.paused_at else "ACTIVE"
        self.number += 1
        self.open_next(at)
        self.draft(ended, at, coming=self.period)

    def draft(self, period: Period, at: datetime, coming: Period | None = None) -> None:
        kind = "PERIOD" if self.live else "FINAL"
        self.drafts.append(Draft(kind, period.start, period.end, at + GRACE, period, coming))

    def open_next(self, at: datetime) -> None:
        end = boundary(self.anchor, self.zone, self.plan.interval, self.number + 1)
        self.open(at, end)

    def open(
        self,
        start: datetime,
        end: datetime,
        *,
        trial: bool = False,
        whole: Stretch | None = None,
    ) -> None:
        """Begin a period. A part of a whole one charges a fee in advance as PRORATION."""
        period = Period(start, end, whole or (start, end), trial)
        period.used.append((self.plan, start, end))
        self.periods.append(period)
        self.waiting = None
        if trial:
            return
        if self.paused_at and self.plan.in_advance:
            self.waiting = self.plan
            return
        kind = "PRORATION" if whole and self.plan.in_advance else "PLAN"
        period.items.append(Item(self.plan, kind, start, end))

    def change(self, at: datetime, plan: Plan, *, now: bool, prorate: bool) -> None:
        require(self.status in {"TRIALING", "ACTIVE", "PAUSED"} and not self.cancel_at_end)
        require(plan.code != self.plan.code)
        moves = now and not self.period.trial and plan.interval != self.plan.interval
        require(not moves or (prorate and not self.paused_at))
        if not now:
            self.pending = plan
            return
        self.pending = None
        self.plan = plan
        if self.period.trial:
            return
        if moves:
            ended = self.close(at)
            self.anchor, self.number = at, 0
            self.open_next(at)
            self.draft(ended, at, coming=self.period)
            return
        used, start, end = self.period.used.pop()
        self.period.used += [(used, start, at), (plan, at, end)]
        if prorate:
            self.change_fee(at, plan)

    def change_fee(self, at: datetime, plan: Plan) -> None:
        if self.waiting and plan.in_advance:
            self.waiting = plan
            return
        self.waiting = None
        if self.period.items:
            self.period.items[-1].stopped = at
        self.period.items.append(Item(plan, "PRORATION", at, self.period.end))

    def close(self, at: datetime) -> Period:
        """End the period early: its newest fee is shortened, or given back if in advance."""
        period = self.period
        plan, start, _ = period.used.pop()
        period.used.append((plan, start, at))
        period.end = at
        if period.items:
            newest = period.items[-1]
            if newest.plan.in_advance:
                newest.stopped = max(newest.start, self.paused_at or at)
            else:
                newest.end = at
        return period

    def close_pause(self, at: datetime) -> None:
        if self.paused_at:
            self.ended.append((self.paused_at, at))
        self.paused_at = None

    def pause(self, at: datetime) -> None:
        require(self.status == "ACTIVE")
        self.status, self.paused_at = "PAUSED", at

    def resume(self, at: datetime) -> None:
        require(self.status == "PAUSED")
        self.close_pause(at)
        self.status = "ACTIVE"
        if self.waiting:
            self.period.items.append(Item(self.waiting, "PRORATION", at, self.period.end))
            self.waiting = None

    def cancel(self, at: datetime, *, immediately: bool) -> None:
        require(self.live and self.status != "INCOMPLETE")
        if not immediately:
            require(not self.cancel_at_end)
            self.cancel_at_end = True
            return
        self.could_return_until = self.period.end
        self.status, self.cancel_at_end, self.pending, self.waiting = "CANCELLED", False, None, None
        self.draft(self.close(at), at)
        self.close_pause(at)

    def reactivate(self, at: datetime) -> None:
        if self.live:
            require(self.cancel_at_end)
            self.cancel_at_end = False
            return
        require(self.could_return_until and at < self.could_return_until)
        before = self.period
        self.status = "TRIALING" if before.trial else "ACTIVE"
        end = self.could_return_until or at
        self.open(at, end, trial=before.trial, whole=before.whole)
