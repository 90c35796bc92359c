"""A tenant's life: a history replayed step by step, with all that falls due between the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.reference import history as h
from tests.reference import sums
from tests.reference.composing import (
    Invoice,
    Line,
    fee_line,
    give_back_lines,
    rate,
    settle_late,
    totals,
)
from tests.reference.fees import Item, Period, Stretch
from tests.reference.money import spread
from tests.reference.pricing import Event
from tests.reference.subscription import NEVER, Draft, Subscription, require


def invoices_of(history: h.History) -> list[Invoice]:
    """Return every invoice that is finalized by the history's end, in order."""
    account = Account()
    for step in history.steps:
        account.do(step)
    account.run_until(history.end or NEVER)
    return account.invoices


@dataclass
class Account:
    subscriptions: list[Subscription] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    grants: list[sums.Grant] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)

    @property
    def last(self) -> Subscription:
        require(self.subscriptions)
        return self.subscriptions[-1]

    def do(self, step: h.Step) -> None:
        """Let time pass until a step, then take it. Raises NotAllowed, having let time pass."""
        self.run_until(step.at)
        match step:
            case h.Create():
                self.create(step)
            case h.Usage(event=event):
                self.events.setdefault(event.event_id, event)
                self.look_for_late_usage(step.at)
            case h.Void(event_id=event_id):
                self.voided.add(event_id)
                self.look_for_late_usage(step.at)
            case h.Credit(amount=amount, expires_at=expires_at):
                self.grants.append(sums.Grant(amount, expires_at))
            case _:
                self.do_to_subscription(self.last, step)

    def create(self, step: h.Create) -> None:
        require(not any(one.live for one in self.subscriptions))
        days = step.plan.trial_days if step.trial_days is None else step.trial_days
        start = step.start_at or step.at
        self.subscriptions.append(Subscription(step.plan, step.zone, start, days))
        self.run_until(step.at)

    def do_to_subscription(self, subscription: Subscription, step: h.Step) -> None:
        match step:
            case h.Change(plan=plan, now=now, prorate=prorate):
                subscription.change(step.at, plan, now=now, prorate=prorate)
            case h.Pause():
                subscription.pause(step.at)
            case h.Resume():
                subscription.resume(step.at)
            case h.Cancel(immediately=immediately):
                subscription.cancel(step.at, immediately=immediately)
            case h.Reactivate():
                subscription.reactivate(step.at)
            case h.Discount(percent=percent, amount=amount, months=months):
                require(subscription.live)
                given = sums.Reduction(step.at, percent, amount, months)
                subscription.reductions.append(given)

    def look_for_late_usage(self, at: datetime) -> None:
        """A cancelled account has no next invoice: what comes late gets one of its own, at once."""
        if self.subscriptions and not self.alive and self.late_lines():
            last = self.last.period
            self.last.drafts.append(Draft("LATE", last.start, last.end, at))

    @property
    def alive(self) -> bool:
        return any(one.live or one.drafts for one in self.subscriptions)

    def run_until(self, at: datetime) -> None:
        """Do all that is due by an instant, in order; a draft's time before a period's end.

        An invoice for late usage waits for all that comes at the same instant.
        """
        while True:
            drafts = [(draft.at, 0, one) for one in self.subscriptions for draft in one.drafts]
            turns = [(one.next_due(), 1, one) for one in self.subscriptions]
            due = min([*drafts, *turns], key=lambda found: found[:2], default=(NEVER, 2, None))
            when, kind, subscription = due
            if subscription is None or when > at or when == NEVER:
                return
            if kind:
                subscription.run()
                continue
            draft = min(subscription.drafts, key=lambda draft: draft.at)
            if draft.kind == "LATE" and when == at:
                return
            subscription.drafts.remove(draft)
            if draft.kind != "LATE" or not self.alive:
                self.finalize(subscription, draft)

    def counted(self) -> list[Event]:
        return [event for key, event in self.events.items() if key not in self.voided]

    def late_lines(self) -> list[Line]:
        """Settle all that came late for periods that are invoiced already."""
        return [line for lines, _, _ in self.late() for line in lines]

    def late(self) -> list[tuple[list[Line], Period, dict[tuple[str, int], int]]]:
        return [
            (lines, period, now)
            for one in self.subscriptions
            for period in one.periods
            if period.settled
            for lines, now in [settle_late(period, one.pauses, self.counted())]
        ]

    def finalize(self, subscription: Subscription, draft: Draft) -> None:
        """Make the invoice, unless all its lines are zero; its period is settled either way."""
        lines, off = self.own_lines(subscription, draft)
        if draft.kind != "START":  # it has only the first fee
            for late, period, now in self.late():
                lines += late
                period.invoiced = now
        if draft.period:
            self.settle(draft.period, subscription)
        if any(line.amount for line in lines):
            self.invoices.append(self.summed(draft, lines, off))

    def own_lines(self, subscription: Subscription, draft: Draft) -> tuple[list[Line], int]:
        """Return the lines but those for late usage, and what discounts take off them.

        Sets what the fees' lines cost, as later credits need it.
        """
        pauses = subscription.pauses
        fees = fee_lines(draft, pauses)
        rated = rate(draft.period, pauses, self.counted()) if draft.period else []
        lines = [line for _, line in fees] + [one.line for one in rated]
        off = reduce_lines(lines, subscription, draft)
        for item, line in fees:
            item.gross, item.net = line.amount, line.amount - line.off
        if draft.period:
            lines += give_back_lines(draft.period, pauses)
        return lines, off

    def settle(self, period: Period, subscription: Subscription) -> None:
        period.settled = True
        period.invoiced = totals(rate(period, subscription.pauses, self.counted()))

    def summed(self, draft: Draft, lines: list[Line], off: int) -> Invoice:
        made = Invoice(draft.kind, draft.start, draft.end, draft.at, lines, discount=off)
        made.subtotal = sum(line.amount for line in lines)
        made.total = max(0, made.subtotal - off)
        made.granted = made.total - (made.subtotal - off)
        made.applied = sums.use_credits(made.total, self.grants, draft.at)
        made.due = made.total - made.applied
        if made.granted:
            self.grants.append(sums.Grant(made.granted, None))
        return made


def fee_lines(draft: Draft, pauses: Sequence[Stretch]) -> list[tuple[Item, Line]]:
    """Return the fees that stand on an invoice: its own period's, and the next one's."""
    found = []
    if draft.period:
        own = [item for item in draft.period.items if not item.billed_before]
        found += [(item, fee_line(item, draft.period, pauses)) for item in own]
    if draft.coming:
        ahead = [item for item in draft.coming.items if item.billed_before]
        found += [(item, fee_line(item, draft.coming, pauses)) for item in ahead]
    return sorted(found, key=lambda pair: pair[1].type != "PLAN")


def reduce_lines(lines: list[Line], subscription: Subscription, draft: Draft) -> int:
    """Spread the discounts over lines; remember what they began with and what applied."""
    applied = [
        one
        for one in subscription.reductions
        if draft.kind != "LATE" and one.applies(draft.start, draft.end, subscription.zone)
    ]
    if draft.period:
        draft.period.percents = [one.percent for one in applied if one.percent is not None]
    amounts = [line.amount for line in lines]
    offs = sums.taken_off(sum(amounts), applied)
    for one, off in zip(applied, offs, strict=True):
        if off and one.first is None:
            one.first = draft.start
    for line, share in zip(lines, spread(sum(offs), amounts), strict=True):
        line.off = share
    return sum(offs)
