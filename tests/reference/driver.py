"""Lives a history through the public API, on a test clock, and reads the invoices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any
from uuid import uuid4

from tests.reference import history as h
from tests.reference.composing import Invoice
from tests.reference.money import shown
from tests.reference.pricing import Event
from tests.reference.strategies import Life
from tests.scenarios.world import World

Line = tuple[str, str, str, str, str]
A_HOP = timedelta(days=700)  # one advance goes two years at most
OWN_METERS = {"REFERENCE_COUNT": "COUNT", "REFERENCE_LATEST": "LATEST"}


@dataclass(frozen=True, order=True)
class Bill:
    """What both sides say of an invoice: amounts as the API writes them, lines without zeros."""

    period: tuple[str, str]
    lines: tuple[Line, ...]
    subtotal: str
    discount: str
    tax: str
    total: str
    granted: str
    applied: str
    due: str


def differing(expected: list[Bill], found: list[Bill]) -> list[str]:
    """Say which invoices only the calculator has, and which only the system."""
    only = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    return [f"only calculated: {bill}" for bill in sorted(only[0].elements())] + [
        f"only answered: {bill}" for bill in sorted(only[1].elements())
    ]


def written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def calculated(invoice: Invoice, currency: str) -> Bill:
    def money(amount: int) -> str:
        return shown(amount, currency)

    lines = sorted(
        (one.type, money(one.amount), money(one.off), written(one.start), written(one.end))
        for one in invoice.lines
        if one.amount
    )
    return Bill(
        (written(invoice.start), written(invoice.end)),
        tuple(lines),
        *map(money, (invoice.subtotal, invoice.discount, invoice.tax, invoice.total)),
        *map(money, (invoice.granted, invoice.applied, invoice.due)),
    )


def answered(invoice: Any) -> Bill:
    """Read an invoice of the API. Raises AssertionError if its own sums are not right."""
    lines = [one for one in invoice["lines"] if one["type"] not in {"DISCOUNT", "TAX"}]
    zero = shown_zero(invoice["total"])
    assert_sums(invoice, lines)
    found = sorted(
        (
            one["type"],
            one["amount"],
            one.get("discountAmount") or zero,
            one["periodStart"],
            one["periodEnd"],
        )
        for one in lines
        if Fraction(one["amount"])
    )
    names = ("subtotal", "discountTotal", "taxTotal", "total")
    return Bill(
        (invoice["periodStart"], invoice["periodEnd"]),
        tuple(found),
        *(invoice[name] for name in names),
        *(invoice[name] for name in ("creditGranted", "creditsApplied", "amountDue")),
    )


def shown_zero(like: str) -> str:
    return "".join("0" if character.isdigit() else character for character in like[-4:])


def assert_sums(invoice: Any, lines: list[Any]) -> None:
    amount = {name: Fraction(invoice[name]) for name in invoice if name in SUMS}
    everything = sum(Fraction(line["amount"]) for line in invoice["lines"])
    assert everything == amount["total"] - amount["creditGranted"], invoice
    assert sum(Fraction(line["amount"]) for line in lines) == amount["subtotal"], invoice
    off = sum(Fraction(line.get("discountAmount") or "0") for line in lines)
    assert off == amount["discountTotal"], invoice
    assert amount["amountDue"] == amount["total"] - amount["creditsApplied"], invoice


SUMS = {"subtotal", "discountTotal", "total", "creditGranted", "creditsApplied", "amountDue"}


class Driver:
    """One tenant on a clock of its own."""

    def __init__(self, world: World, life: Life) -> None:
        self.world = world
        self.life = life
        self.subscription = ""
        self.now = life.start
        self.codes = [self.plan(body) for body in life.plans]

    def plan(self, body: dict[str, Any]) -> str:
        code = f"plan-{uuid4().hex[:16]}"
        self.world.post("/plans", {**body, "code": code}, status=201)
        return code

    def play(self, history: h.History) -> list[Bill]:
        """Take every step at its time; return the finalized invoices at the history's end."""
        assert history.end
        currency = history.currency
        self.now = history.steps[0].at
        self.world.begin(written(self.now), currency=currency)
        for (at, kind), steps in groupby(history.steps, key=lambda step: (step.at, type(step))):
            self.go_to(at)
            if kind is h.Usage:
                self.record([step.event for step in steps if isinstance(step, h.Usage)])
                continue
            for step in steps:
                self.take(step)
        self.go_to(history.end)
        final = [one for one in self.world.invoices() if one["status"] not in {"DRAFT", "VOID"}]
        return sorted(answered(one) for one in final)

    def go_to(self, at: datetime) -> None:
        """Advance the clock; steps of one instant follow each other without."""
        while self.now < at:
            self.now = min(at, self.now + A_HOP)
            self.world.advance(written(self.now))

    def record(self, events: list[Event]) -> None:
        body = [event_body(event) for event in events]
        answer = self.world.post(f"/tenants/{self.world.tenant}/usage/batch", body, status=201)
        assert answer["accepted"] == len(events)

    def take(self, step: h.Step) -> None:
        match step:
            case h.Create():
                self.create(step)
            case h.Void(event_id=event_id):
                path = f"/tenants/{self.world.tenant}/usage/events/{event_id}"
                self.world.call("delete", path)
            case h.Discount() if step.coupon:
                self.redeem(discount_body(step, self.life.currency), self.subscription)
            case h.Discount():
                self.do("discount", plain_discount(step, self.life.currency))
            case h.Credit(amount=amount) if step.coupon:
                value = shown(amount, self.life.currency)
                self.redeem({"discountType": "CREDIT", "discountValue": value}, "")
            case h.Credit(amount=amount, expires_at=expires):
                body = {"amount": shown(amount, self.life.currency)}
                self.do("credits", body | ({"expiresAt": written(expires)} if expires else {}))
            case _:
                self.move(step)

    def move(self, step: h.Step) -> None:
        match step:
            case h.Change(plan=plan, now=now, prorate=prorate):
                body = {"newPlanId": plan.code, "when": "NOW" if now else "PERIOD_END"}
                self.do("change-plan", body | ({} if prorate else {"prorate": False}))
            case h.Pause():
                self.do("pause", {})
            case h.Resume():
                self.do("resume", {})
            case h.Cancel(immediately=immediately):
                self.do("cancel", {"immediately": immediately})
            case h.Reactivate():
                self.do("reactivate", {})

    def create(self, step: h.Create) -> None:
        fields: dict[str, Any] = {"timezone": step.zone}
        if step.start_at:
            fields["startAt"] = written(step.start_at)
        if step.trial_days is not None:
            fields["trialDays"] = step.trial_days
        self.subscription = self.world.subscribe(step.plan.code, **fields)["id"]

    def do(self, action: str, body: dict[str, Any]) -> None:
        self.world.post(f"/subscriptions/{self.subscription}/{action}", body)

    def redeem(self, coupon: dict[str, Any], subscription: str) -> None:
        code = f"C{uuid4().hex[:16]}"
        if coupon["discountType"] != "PERCENTAGE":
            coupon["currency"] = self.life.currency
        self.world.post("/coupons", {"code": code, **coupon}, status=201)
        body = {"code": code, "tenantId": self.world.tenant}
        on = {"subscriptionId": subscription} if subscription else {}
        self.world.post("/coupons/redeem", body | on)


def plain_discount(step: h.Discount, currency: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if step.percent is not None:
        body["discountPercent"] = str(step.percent)
    if step.amount is not None:
        body["discountAmount"] = shown(step.amount, currency)
    return body | ({"durationMonths": step.months} if step.months else {})


def discount_body(step: h.Discount, currency: str) -> dict[str, Any]:
    value = str(step.percent) if step.amount is None else shown(step.amount, currency)
    kind = "PERCENTAGE" if step.amount is None else "FIXED_AMOUNT"
    body: dict[str, Any] = {"discountType": kind, "discountValue": value}
    return body | ({"durationMonths": step.months} if step.months else {})


def event_body(event: Event) -> dict[str, Any]:
    whole, thousandths = divmod(abs(event.quantity) * 1000, 1000)
    body: dict[str, Any] = {
        "eventId": event.event_id,
        "metricType": event.metric,
        "quantity": f"{'-' if event.quantity < 0 else ''}{whole}.{int(thousandths):03d}",
        "timestamp": written(event.timestamp),
    }
    if event.user:
        body["userId"] = event.user
    if event.metadata:
        body["metadata"] = dict(event.metadata)
    return body | ({"correction": True} if event.correction else {})


def make_meters(world: World) -> None:
    """Make the meters of the two aggregations that none of the ten has."""
    for name, how in OWN_METERS.items():
        body = {"metricType": name, "name": name, "unit": "count", "aggregation": how}
        world.post("/meters", body, status=201)
