"""The contract's worked examples of part periods and late usage, lived by the calculator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.reference import history as h
from tests.reference.account import invoices_of
from tests.reference.composing import Invoice
from tests.reference.pricing import Event
from tests.reference.terms import Plan, read_plan
from tests.reference.test_examples import GRADUATED_T, per_unit


def april(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, 4, day, hour, minute, second, tzinfo=UTC)


MAY = datetime(2025, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plan(price_of_it: str, code: str = "", *charges: Any, in_advance: bool = False) -> Plan:
    return read_plan(
        {
            "code": code or f"plan-{price_of_it}",
            "price": price_of_it,
            "payInAdvance": in_advance,
            "charges": [{"metricType": "API_CALLS", **one} for one in charges],
        }
    )


def live(first: Plan, *steps: h.Step, end: datetime = MAY + HOUR) -> list[Invoice]:
    return invoices_of(h.History("USD", [h.Create(april(1), first), *steps], end))


def lines(invoice: Invoice) -> list[tuple[str, int]]:
    return [(line.type, line.amount) for line in invoice.lines]


def test_in_advance_changed_to_90_00_in_the_middle() -> None:
    _, invoice = live(
        plan("30.00", in_advance=True),
        h.Change(april(16, 12), plan("90.00", in_advance=True)),
    )

    assert lines(invoice) == [
        ("PLAN", 9000),
        ("PRORATION", 4350),
        ("PRORATION", -1450),
    ]


def test_the_same_with_half_off_for_ever() -> None:
    march = datetime(2025, 3, 20, tzinfo=UTC)
    _, invoice = invoices_of(
        h.History(
            "USD",
            [
                h.Create(march, plan("30.00", in_advance=True), start_at=april(1)),
                h.Discount(march, percent=Fraction(50)),
                h.Change(april(16, 12), plan("90.00", in_advance=True)),
            ],
            MAY + HOUR,
        )
    )

    assert lines(invoice)[1:] == [("PRORATION", 4350), ("PRORATION", -725)]
    assert invoice.lines[1].off == 2175


def test_the_same_in_arrears() -> None:
    first, second = live(
        plan("30.00"),
        h.Change(april(16, 12), plan("90.00")),
        end=datetime(2025, 6, 2, tzinfo=UTC),
    )

    assert lines(first) == [("PLAN", 3000), ("PRORATION", 4350), ("PRORATION", -1450)]
    assert lines(second) == [("PLAN", 9000)]


def test_changed_to_49_99_at_an_odd_second() -> None:
    _, invoice = live(
        plan("30.00", in_advance=True),
        h.Change(april(11, 7, 13, 21), plan("49.99", in_advance=True)),
    )

    assert lines(invoice)[1:] == [("PRORATION", 3283), ("PRORATION", -1970)]


def test_in_arrears_paused_from_11_to_21_april() -> None:
    (invoice,) = live(plan("30.00"), h.Pause(april(11)), h.Resume(april(21)))

    assert lines(invoice) == [("PLAN", 2000)]


def test_in_advance_the_same_pause() -> None:
    _, invoice = live(plan("30.00", in_advance=True), h.Pause(april(11)), h.Resume(april(21)))

    assert lines(invoice) == [("PLAN", 3000), ("PRORATION", -1000)]


def test_a_minimum_is_prorated_when_the_plan_changes() -> None:
    with_minimum = plan("0", "with", per_unit("0.01", minimumAmount="25"))
    (invoice,) = live(with_minimum, h.Change(april(16, 12), plan("0", "without")))

    assert [pair for pair in lines(invoice) if pair[1]] == [("MINIMUM", 1292)]


def test_in_arrears_cancelled_immediately() -> None:
    (invoice,) = live(
        plan("30.00", "", per_unit("0.01")),
        used(april(2), "100"),
        h.Cancel(april(16, 12), immediately=True),
    )

    assert lines(invoice) == [("PLAN", 1550), ("USAGE", 100)]


def test_in_advance_cancelled_immediately() -> None:
    _, invoice = live(
        plan("30.00", "", per_unit("0.01"), in_advance=True),
        used(april(2), "100"),
        h.Cancel(april(16, 12), immediately=True),
    )

    assert lines(invoice) == [("USAGE", 100), ("PRORATION", -1450)]
    assert (invoice.total, invoice.granted, invoice.due) == (0, 1350, 0)


def used(at: datetime, quantity: str, timestamp: datetime | None = None) -> h.Usage:
    event = Event(f"{at}", "API_CALLS", Fraction(quantity), timestamp or at)
    return h.Usage(at, event)


LATER = datetime(2025, 5, 10, tzinfo=UTC)
JULY = datetime(2025, 7, 2, tzinfo=UTC)


def test_200_more_arrive_late_and_50_are_voided() -> None:
    fifty = Event("fifty", "API_CALLS", Fraction(50), april(5))
    april_invoice, may_invoice, june_invoice = live(
        plan("0", "", GRADUATED_T),
        used(april(3), "850"),
        h.Usage(april(5), fifty),
        used(LATER, "200", april(30)),
        h.Void(datetime(2025, 6, 10, tzinfo=UTC), "fifty"),
        end=JULY,
    )

    assert [pair for pair in lines(april_invoice) if pair[1]] == [("USAGE", 1800)]
    assert [pair for pair in lines(may_invoice) if pair[1]] == [("ADJUSTMENT", 650)]
    assert [pair for pair in lines(june_invoice) if pair[1]] == [("ADJUSTMENT", -75)]
    assert (may_invoice.lines[-1].start, may_invoice.lines[-1].end) == (april(1), MAY)


def test_a_difference_of_nothing_is_no_line() -> None:
    packages = {"model": "PACKAGE", "packageSize": "1000", "packagePrice": "1.00"}
    april_invoice, may_invoice = live(
        plan("5.00", "", packages),
        used(april(3), "900"),
        used(LATER, "50", april(30)),
        end=datetime(2025, 6, 2, tzinfo=UTC),
    )

    assert lines(april_invoice) == [("PLAN", 500), ("USAGE", 100)]
    assert lines(may_invoice) == [("PLAN", 500), ("USAGE", 0)]
