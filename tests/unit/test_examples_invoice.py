"""The table "Discounts, tax, credits" of the worked examples, and "Part periods" as invoices."""

from datetime import UTC, datetime

from invoicing.calculation import CreditInput, LineType, TaxRateInput, calculate
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


def test_row_ten_percent_then_twenty_percent_then_five_off() -> None:
    invoice = calculate(
        currency="USD",
        lines=usage("60.00", "25.01", "14.99"),
        discounts=[percent("10"), percent("20"), amount_off("5.00")],
    )

    assert taken(invoice) == ["10.00", "18.00", "5.00"]
    assert invoice.discount_total.amount == "33.00"
    assert spread(invoice) == ["19.80", "8.25", "4.95"]
    assert of_type(invoice, LineType.DISCOUNT) == ["-10.00", "-18.00", "-5.00"]
    assert (invoice.subtotal.amount, invoice.total.amount) == ("100.00", "67.00")


def test_row_ten_percent_of_33_33_and_33_33_and_33_34() -> None:
    invoice = calculate(
        currency="USD", lines=usage("33.33", "33.33", "33.34"), discounts=[percent("10")]
    )

    assert invoice.discount_total.amount == "10.00"
    assert spread(invoice) == ["3.33", "3.33", "3.34"]


def test_row_subtotal_8_00_and_12_00_off() -> None:
    invoice = calculate(currency="USD", lines=usage("8.00"), discounts=[amount_off("12.00")])

    assert taken(invoice) == ["8.00"]
    assert (invoice.total.amount, invoice.credit_granted.amount) == ("0.00", "0.00")


def test_row_subtotal_0_05_and_10_percent() -> None:
    invoice = calculate(currency="USD", lines=usage("0.05"), discounts=[percent("10")])

    assert taken(invoice) == ["0.01"]


def test_row_three_lines_of_1_03_at_19_percent() -> None:
    invoice = calculate(
        currency="USD", lines=usage("1.03", "1.03", "1.03"), tax_rates=standard_tax("19")
    )

    assert of_type(invoice, LineType.TAX) == ["0.59"]
    assert (invoice.subtotal.amount, invoice.total.amount) == ("3.09", "3.68")


def test_row_two_rates_and_ten_percent_off_everything() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.PLAN, "10.00"), line(LineType.USAGE, "10.00", "REDUCED")],
        discounts=[percent("10")],
        tax_rates=[
            *standard_tax("19"),
            TaxRateInput(category="REDUCED", percent=D("7")),
        ],
    )

    assert of_type(invoice, LineType.TAX) == ["1.71", "0.63"]
    assert invoice.tax_total.amount == "2.34"
    assert [shown.tax_percent for shown in invoice.lines] == [D(19), D(7), None, D(19), D(7)]


def test_row_total_12_34_and_two_credits() -> None:
    may = datetime(2025, 5, 31, tzinfo=UTC)

    invoice = calculate(
        currency="USD",
        lines=usage("12.34"),
        grants=[
            CreditInput(grant="never", remaining=usd("5.00")),
            CreditInput(grant="May", remaining=usd("5.00"), expires_at=may),
        ],
    )

    assert [(use.grant, use.amount.amount) for use in invoice.credits_applied] == [
        ("May", "5.00"),
        ("never", "5.00"),
    ]
    assert (invoice.credits_total.amount, invoice.amount_due.amount) == ("10.00", "2.34")


def test_row_change_of_plan_with_fifty_percent_off_for_ever() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.PRORATION, "-7.25"), line(LineType.PRORATION, "43.50")],
        discounts=[percent("50")],
    )

    assert spread(invoice) == ["0.00", "21.75"]
    assert invoice.total.amount == "14.50"


def test_row_cancelled_immediately_and_the_negative_total_becomes_credit() -> None:
    invoice = calculate(
        currency="USD",
        lines=[line(LineType.USAGE, "4.00"), line(LineType.PRORATION, "-14.50")],
        grants=[CreditInput(grant="old", remaining=usd("5.00"))],
    )

    assert (invoice.total.amount, invoice.credit_granted.amount) == ("0.00", "10.50")
    assert (invoice.subtotal.amount, invoice.amount_due.amount) == ("-10.50", "0.00")
    assert invoice.credits_applied == ()
