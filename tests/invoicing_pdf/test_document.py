"""What a document refuses: a wrong value must not reach a customer's invoice."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.invoicing_pdf.samples import invoice, line


@pytest.mark.parametrize("amount", ["1e5", "NaN", " 1", "1,5", "", "+1", "1.", "١", 1.5, 1])
def test_an_amount_that_is_no_decimal_string_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="Not a decimal string"):
        invoice(total=amount)


def test_a_line_with_a_float_is_refused() -> None:
    with pytest.raises(ValueError, match="Not a decimal string"):
        line(quantity=0.1)


def test_a_period_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        invoice(period_start=datetime(2026, 4, 1))  # noqa: DTZ001


def test_a_due_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        invoice(due_date=datetime(2026, 4, 1))  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="Unknown time zone"):
        invoice(timezone=zone)


def test_unknown_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown paper"):
        invoice(paper="A5")


def test_discounts_and_taxes_stay_out_of_the_table() -> None:
    plan, discount, tax = line(type="PLAN"), line(type="DISCOUNT"), line(type="TAX")

    document = invoice(lines=(plan, discount, tax))

    assert (document.charges, document.discounts) == ((plan,), (discount,))
