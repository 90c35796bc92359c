"""Whatever is on an invoice, both syntaxes keep the official rules of EN 16931."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.kernel.money import Money
from invoicing.calculation import DiscountInput, LineInput, LineType
from invoicing.einvoice.content import content_of
from invoicing.einvoice.writing import Syntax, einvoice
from tests.einvoice.made import BUYER, SELLER, made, sold, vat
from tests.einvoice.rules import broken_rules

TWO_RATES = [vat("19"), vat("7", "REDUCED"), vat("0", "ZERO")]
GIVEN = [kind for kind in LineType if kind not in {LineType.DISCOUNT, LineType.TAX}]
CATEGORIES = ["STANDARD", "REDUCED", "ZERO", "UNTAXED"]

lines = st.lists(
    st.builds(
        LineInput,
        type=st.sampled_from(GIVEN),
        amount=st.integers(-5_000, 50_000).map(lambda minor: Money(minor, "EUR")),
        tax_category=st.sampled_from(CATEGORIES),
        inclusive=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
discounts = st.lists(
    st.builds(DiscountInput, percent=st.decimals(0, 120, places=2, allow_nan=False)), max_size=2
)


@given(lines, discounts, st.integers(0, 20_000), st.sampled_from(Syntax))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_official_rule_is_broken(
    given_lines: list[LineInput], off: list[DiscountInput], paid: int, syntax: Syntax
) -> None:
    invoice, rows = made(given_lines, TWO_RATES, off, credits_applied=paid)

    assert broken_rules(einvoice(invoice, rows, syntax=syntax)) == []


@given(lines, discounts, st.integers(0, 20_000))
def test_the_sums_are_those_of_the_standard(
    given_lines: list[LineInput], off: list[DiscountInput], paid: int
) -> None:
    invoice, rows = made(given_lines, TWO_RATES, off, credits_applied=paid)

    told = content_of(invoice, rows)

    def amount(term: str) -> Decimal:
        return Decimal(told.get(term) or "0")

    nets = [Decimal(line["BT-131"]) for line in told["BG-25"]]
    assert amount("BT-106") == sum(nets)  # BR-CO-10
    assert amount("BT-109") == amount("BT-106")  # BR-CO-13, without allowances of the document
    assert amount("BT-110") == sum(Decimal(tax["BT-117"]) for tax in told["BG-23"])  # BR-CO-14
    assert amount("BT-112") == amount("BT-109") + amount("BT-110")  # BR-CO-15
    assert amount("BT-115") == amount("BT-112") - amount("BT-113")  # BR-CO-16
    assert amount("BT-115") == Decimal(invoice.amount_due_minor) / 100
    for tax in told["BG-23"]:
        under = [
            Decimal(line["BT-131"])
            for line in told["BG-25"]
            if (line["BT-151"], line["BT-152"]) == (tax["BT-118"], tax["BT-119"])
        ]
        assert Decimal(tax["BT-116"]) == sum(under)
        exact = Decimal(tax["BT-116"]) * Decimal(tax["BT-119"] or 0) / 100
        assert abs(Decimal(tax["BT-117"]) - exact) < Decimal("0.02")  # BR-CO-17
    for line in told["BG-25"]:
        assert Decimal(line["BT-146"]) >= 0  # BR-27
        off_line = sum(Decimal(one["amount"]) for one in line["BG-27"])
        on_line = sum(Decimal(one["amount"]) for one in line["BG-28"])
        product = Decimal(line["BT-129"]) * Decimal(line["BT-146"])
        assert product - off_line + on_line == Decimal(line["BT-131"])


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "reverse charge": ([sold(3_000)], {"tax_treatment": "REVERSE_CHARGE"}),
    "exempt": (
        [sold(3_000)],
        {"tax_treatment": "EXEMPT", "tax_reason": "Embassy", "tax_reason_code": "VATEX-EU-151"},
    ),
    "small business": ([sold(3_000)], {"tax_treatment": "SMALL_BUSINESS", "tax_reason": "§ 19"}),
    "outside VAT": ([sold(3_000)], {}),
    "nothing to pay": ([sold(0)], {}),
    "all negative": ([sold(-3_000)], {}),
    "no bank, no register, no mail": (
        [sold(3_000)],
        {
            "seller": {**SELLER, "bank": {}, "registration": "", "email": ""},
            "buyer": {**BUYER, "taxId": "12-345", "email": ""},
        },
    ),
    "control characters": ([sold(3_000)], {"buyer": {**BUYER, "name": "Ha\x01lcyon & <Söhne>"}}),
    "Greece": (
        [sold(3_000)],
        {
            "tax_treatment": "REVERSE_CHARGE",
            "buyer": {**BUYER, "taxId": "EL094259216", "postal": {"country": "GR"}},
        },
    ),
}


@pytest.mark.parametrize("syntax", Syntax)
@pytest.mark.parametrize("case", CASES)
def test_each_treatment_keeps_the_official_rules(case: str, syntax: Syntax) -> None:
    given_lines, fields = CASES[case]
    invoice, rows = made(given_lines, **fields)

    assert broken_rules(einvoice(invoice, rows, syntax=syntax)) == []


def test_the_schematron_sees_a_wrong_sum() -> None:
    invoice, rows = made([sold(3_000)], [vat("19")])
    xml = einvoice(invoice, rows, syntax=Syntax.CII)

    wrong = xml.replace(b"<ram:DuePayableAmount>35.70<", b"<ram:DuePayableAmount>35.71<")

    assert wrong != xml
    assert any("BR-CO-16" in found for found in broken_rules(wrong))
