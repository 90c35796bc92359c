"""Makes a history of wishes: when each happens, and only what the state allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial

from tests.reference import history as h
from tests.reference.account import Account
from tests.reference.pricing import Event
from tests.reference.strategies import DAYS, Life, Wish
from tests.reference.subscription import NotAllowed
from tests.reference.terms import Plan, read_plan

RETENTION = timedelta(days=395)

SIMPLE: dict[str, Callable[[datetime], h.Step]] = {
    "pause": h.Pause,
    "resume": h.Resume,
    "cancel": partial(h.Cancel, immediately=True),
    "end": h.Cancel,
    "reactivate": h.Reactivate,
}


def resolve(life: Life, codes: list[str]) -> h.History:
    """Return the history of a life; `codes` are the codes that its plans got."""
    catalogue = [
        read_plan({**body, "code": code}) for body, code in zip(life.plans, codes, strict=True)
    ]
    return Resolver(life, catalogue).history()


class Resolver:
    def __init__(self, life: Life, catalogue: list[Plan]) -> None:
        self.life = life
        self.catalogue = catalogue
        self.account = Account()
        self.steps: list[h.Step] = []
        self.at = life.start

    def history(self) -> h.History:
        ahead = timedelta(days=self.life.ahead)
        start = self.at + ahead if ahead else None
        first = self.catalogue[0]
        self.take(h.Create(self.at, first, self.life.zone, self.life.trial_days, start))
        for number, wish in enumerate(self.life.wishes):
            self.at = self.when(wish)
            self.account.run_until(self.at)
            for step in self.steps_of(wish, number):
                self.take(step)
        end = max(self.account.last.period_end_or(self.at), self.at) + timedelta(hours=2)
        return h.History(self.life.currency, self.steps, end)

    def take(self, step: h.Step) -> None:
        try:
            self.account.do(step)
        except NotAllowed:
            return
        self.steps.append(step)

    @property
    def unit(self) -> timedelta:
        return timedelta(days=DAYS[self.account.last.plan.interval])

    def when(self, wish: Wish) -> datetime:
        """Return an instant in whole seconds, not before the last; an edge moves to a boundary."""
        self.account.run_until(self.at)
        at = self.at + timedelta(seconds=int(self.unit.total_seconds() * wish.wait))
        if wish.edge is not None:
            at = self.account.last.period_end_or(at) + timedelta(seconds=wish.edge)
        return max(self.at, at)

    def plan(self, wish: Wish) -> Plan:
        return self.catalogue[wish.number % len(self.catalogue)]

    def steps_of(self, wish: Wish, number: int) -> Iterator[h.Step]:
        match wish.kind:
            case "usage" | "late":
                for count, event in enumerate(self.events(wish)):
                    yield h.Usage(self.at, replace(event, event_id=f"{number}-{count}"))
            case "void":
                yield from self.void(wish)
            case "change" | "period_end" | "no_proration":
                now, prorate = wish.kind != "period_end", wish.kind != "no_proration"
                yield h.Change(self.at, self.plan(wish), now=now, prorate=prorate)
            case "create":
                yield h.Create(self.at, self.plan(wish), self.life.zone)
            case "pause" | "resume" | "cancel" | "end" | "reactivate":
                yield SIMPLE[wish.kind](self.at)
            case _:
                yield self.reduction(wish)

    def reduction(self, wish: Wish) -> h.Step:
        """Return a discount or a credit, given by us or by a coupon that is redeemed."""
        kind, coupon = wish.kind.removeprefix("coupon_"), wish.kind.startswith("coupon_")
        if kind == "credit":
            expires = wish.days and not coupon
            until = self.at + self.unit * (wish.days or 0) if expires else None
            return h.Credit(self.at, wish.number, until, coupon=coupon)
        percent = Fraction(wish.number % 100 + 1) if kind == "percent" else None
        amount = wish.number if kind == "amount" else None
        return h.Discount(self.at, percent, amount, wish.days, coupon)

    def events(self, wish: Wish) -> Iterator[Event]:
        for given in wish.events:
            back = given["back"] * (4 if wish.kind == "late" else 1)
            passed = min(RETENTION, timedelta(seconds=int(self.unit.total_seconds() * back)))
            timestamp = self.at - passed
            yield Event(
                event_id="",
                metric=given["metric"],
                quantity=Fraction(given["quantity"]),
                timestamp=timestamp,
                user=given.get("user", ""),
                metadata=(("region", given["region"]),) if "region" in given else (),
                correction=given.get("correction", False),
            )

    def void(self, wish: Wish) -> Iterator[h.Void]:
        known = [key for key in self.account.events if key not in self.account.voided]
        if known:
            yield h.Void(self.at, known[wish.number % len(known)])
