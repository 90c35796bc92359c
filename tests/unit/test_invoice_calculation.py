"""What an invoice's arithmetic does beyond the worked examples."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from billing.kernel.money import CurrencyMismatch, Money
from invoicing.calculation import CreditInput, DiscountInput, LineType, TaxRateInput, calculate
from tests.unit.invoice_cases import (
    D,
    amount_off,
    line,
    of_type,
    percent,
    spread,
    standard_tax,
    taken,
    usage,
    usd,
)


@pytest.mark.parametrize(
    ("line_type", "amount", "off"),
    [
        (LineType.PLAN, "10.00", "1.00"),
        (LineType.USAGE, "10.00", "1.00"),
        (LineType.MINIMUM, "10.00", "1.00"),
        (LineType.PRORATION, "10.00", "1.00"),
        (LineType.PRORATION, "-10.00", "0.00"),
        (LineType.ADJUSTMENT, "10.00", "0.00"),
        (LineType.ADJUSTMENT, "-10.00", "0.00"),
        (LineType.USAGE, "-10.00", "0.00"),
    ],
)
def test_discounts_touch_only_what_this_period_costs(
    line_type: LineType, amount: str, off: str
) -> None:
    invoice = calculate(currency="USD", lines=[line(line_type, amount)], discounts=[percent("10")])

    assert taken(invoice) == [off]


def test_percentages_go_before_amounts_whatever_the_order_given() -> None:
    invoice = calculate(
        currency="USD", lines=usage("100.00"), discounts=[amount_off("10.00"), percent("50")]
    )

    assert taken(invoice) == ["10.00", "50.00"]
    assert [
        (shown.source, shown.amount.amount)
        for shown in invoice.lines
        if shown.type is LineType.DISCOUNT
    ] == [(0, "-10.00"), (1, "-50.00")]


def test_a_discount_that_takes_nothing_off_has_no_line() -> None:
    invoice = calculate(
        currency="USD",
        lines=usage("8.00"),
        discounts=[percent("250"), percent("10"), amount_off("1.00")],
    )

    assert taken(invoice) == ["8.00", "0.00", "0.00"]
    assert of_type(invoice, LineType.DISCOUNT) == ["-8.00"]


def test_a_correction_shrinks_like_the_lines_beside_it() -> None:
    invoice = calculate(currency="USD", lines=usage("110.00", "-10.00"), discounts=[percent("10")])

    assert taken(invoice) == ["10.00"]
    assert spread(invoice) == ["11.00", "-1.00"]


def test_categories_of_one_rate_make_one_tax_line() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.PLAN, "1.03"), line(LineType.USAGE, "2.06", "SERVICES")],
        tax_rates=[
            TaxRateInput(category="OTHER", percent=D("5")),
            *standard_tax("19"),
            TaxRateInput(category="SERVICES", percent=D("19.0")),
        ],
    )

    (tax,) = (shown for shown in invoice.lines if shown.type is LineType.TAX)
    assert (tax.amount.amount, tax.base, tax.source) == ("0.59", usd("3.09"), 1)


def test_a_rate_of_zero_is_shown_and_no_rate_is_not() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.PLAN, "10.00", "EXEMPT"), line(LineType.USAGE, "5.00")],
        tax_rates=[TaxRateInput(category="EXEMPT", percent=D("0"))],
    )

    assert of_type(invoice, LineType.TAX) == ["0.00"]
    assert [shown.tax_percent for shown in invoice.lines] == [D(0), None, D(0)]


def test_a_negative_sum_under_a_rate_gives_its_tax_back() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.PRORATION, "-14.50"), line(LineType.USAGE, "4.00")],
        tax_rates=standard_tax("19"),
    )

    assert of_type(invoice, LineType.TAX) == ["-2.00"]  # -10.50 at 19 %: -1.995
    assert (invoice.total.amount, invoice.credit_granted.amount) == ("0.00", "12.50")


def test_grants_that_expire_together_are_used_in_the_given_order() -> None:
    may, june = (datetime(2025, month, 15, tzinfo=UTC) for month in (5, 6))
    grants = [
        CreditInput(grant=name, remaining=usd(left), expires_at=expiry)
        for name, left, expiry in (
            ("last", "9.00", None),
            ("third", "2.00", june),
            ("first", "1.00", may),
            ("empty", "0.00", may),
            ("second", "1.00", may),
        )
    ]

    invoice = calculate(currency="USD", lines=usage("5.00"), grants=grants)

    assert [(use.grant, use.amount.amount) for use in invoice.credits_applied] == [
        ("first", "1.00"),
        ("second", "1.00"),
        ("third", "2.00"),
        ("last", "1.00"),
    ]


def test_an_invoice_without_lines_is_for_nothing() -> None:
    invoice = calculate(
        currency="JPY", lines=[], discounts=[percent("10")], tax_rates=standard_tax("19")
    )

    assert (invoice.lines, invoice.total.amount, invoice.amount_due.amount) == ((), "0", "0")


def test_another_currency_is_refused_wherever_it_stands() -> None:
    euro = Money(100, "EUR")
    dollars = usage("10.00")

    with pytest.raises(CurrencyMismatch):
        calculate(currency="EUR", lines=dollars)
    with pytest.raises(CurrencyMismatch):
        calculate(currency="USD", lines=dollars, discounts=[DiscountInput(amount=euro)])
    with pytest.raises(CurrencyMismatch):
        calculate(currency="USD", lines=dollars, grants=[CreditInput(grant=1, remaining=euro)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: line(LineType.TAX, "1.00"), "calculated, not given"),
        (lambda: line(LineType.DISCOUNT, "1.00"), "calculated, not given"),
        (lambda: percent("-1"), "discount is not negative"),
        (lambda: amount_off("-1.00"), "discount is not negative"),
        (DiscountInput, "either a percentage or an amount"),
        (
            lambda: DiscountInput(percent=D(1), amount=usd("1.00")),
            "either a percentage or an amount",
        ),
        (lambda: TaxRateInput(category="STANDARD", percent=D(-1)), "tax rate is not negative"),
        (lambda: CreditInput(grant=1, remaining=usd("-1.00")), "grant is not negative"),
        (
            lambda: calculate(
                currency="USD", lines=[], tax_rates=[*standard_tax("1"), *standard_tax("2")]
            ),
            "category has one rate",
        ),
    ],
)
def test_inputs_that_cannot_be_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
