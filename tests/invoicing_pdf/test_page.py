"""The invoice's page, as HTML: what stands on it, in which words."""

from __future__ import annotations

import re
from html import unescape

import pytest

from invoicing.pdf.document import BankAccount, PartyBlock
from invoicing.pdf.render import render_html
from tests.invoicing_pdf.samples import full_invoice, invoice, line, tiered


def words(html: str) -> str:
    """Return what a reader sees, with one space where there are more."""
    body = html.partition("<body")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_a_reader_can_add_up_the_totals_row_by_row() -> None:
    text = words(render_html(full_invoice()))

    assert (
        "Subtotal $1,313.01 Ten percent off −$131.30 "
        "Tax 19% on $1,111.05 $211.10 Tax 7.5% on $70.66 $5.30 "
        "Total $1,398.11 Credits applied −$25.00 Amount paid −$73.11 "
        "Amount due $1,300.00"
    ) in text


def test_tiers_stand_under_their_line_with_exact_amounts() -> None:
    text = words(render_html(invoice(lines=(tiered(),))))

    assert (
        "Storage 6,000.5 $93.01 First 1,000 1,000 $0.02 $20.00 "
        "1,000 – 5,000, plus $3.00 flat 4,000 $0.015 $63.00 "
        "Over 5,000 1,000.5 $0.01 $10.005"
    ) in text


def test_a_line_names_its_period_only_where_it_is_not_the_invoices() -> None:
    text = words(render_html(full_invoice()))

    assert "Pro plan May 1, 2026 – May 31, 2026 · Discount −$123.45" in text
    assert "Storage 6,000.5" in text


def test_a_total_below_zero_is_told_as_credit() -> None:
    text = words(render_html(invoice(subtotal="-14.50", credit_granted="14.50", total="0.00")))

    assert "Subtotal −$14.50 Moved to your credit balance $14.50 Total $0.00" in text


def test_an_invoice_without_lines_says_so() -> None:
    text = words(render_html(invoice(lines=(), amount_due="0.00")))

    assert "Nothing was charged in this period." in text
    assert "There is nothing to pay." in text


@pytest.mark.parametrize(
    ("due", "terms"),
    [
        ("2026-05-15", "Please pay within 14 days of the issue date, by May 15, 2026."),
        ("2026-05-02", "Please pay within 1 day of the issue date, by May 2, 2026."),
        ("2026-05-01", "Please pay on receipt."),
    ],
)
def test_payment_terms_count_the_days(due: str, terms: str) -> None:
    from datetime import date

    assert terms in words(render_html(invoice(due_date=date.fromisoformat(due))))


def test_an_account_number_may_break_between_its_groups_only() -> None:
    account = BankAccount(iban="DE89370400440532013000")

    text = render_html(invoice(pay_to=account))

    assert "<td>DE89 3704 0044 0532 0130 00</td>" in text


def test_a_credit_note_names_its_own_date() -> None:
    note = invoice(refers_to="INV-2026-000041", number="CN-2026-000001", language="de")

    text = words(render_html(note))

    assert "Ausstellungsdatum 1. Mai 2026" in text
    assert "Rechnungsdatum" not in text


@pytest.mark.parametrize(
    ("language", "mark"),
    [("en", '<div class="watermark">VOID</div>'), ("de", '"watermark long">STORNIERT</div>')],
)
def test_a_long_watermark_is_set_smaller(language: str, mark: str) -> None:
    assert mark in render_html(invoice(status="VOID", language=language))


@pytest.mark.parametrize("status", ["DRAFT", "VOID"])
def test_what_is_not_to_be_paid_asks_for_nothing(status: str) -> None:
    text = words(render_html(invoice(status=status)))

    assert "Please pay" not in text
    assert "Due by" not in text


@pytest.mark.parametrize(
    ("status", "marks"),
    [("DRAFT", (2, 0)), ("VOID", (0, 2)), ("PENDING", (0, 0)), ("PAID", (0, 0))],
)
def test_only_drafts_and_void_invoices_are_marked(status: str, marks: tuple[int, int]) -> None:
    html = render_html(invoice(status=status))

    assert (html.count(">DRAFT<"), html.count(">VOID<")) == marks


def test_names_cannot_bring_markup_or_style_into_the_page() -> None:
    evil = "</style><script>alert(1)</script><img src='http://evil.example/x'>{{ 7 }}"
    party = PartyBlock(name=evil, address=evil, tax_id=evil, email=evil)

    html = render_html(
        invoice(seller=party, buyer=party, lines=(line(evil, unit=evil),), notes=evil, number=evil)
    )

    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1
    assert html.count("&lt;/style&gt;&lt;script&gt;alert(1)") >= 10


def test_german_invoices_are_german_in_words_numbers_and_dates() -> None:
    html = render_html(full_invoice(language="de", currency="EUR"))
    text = words(html)

    assert '<html lang="de">' in html
    assert "Rechnung INV-2026-000042" in text
    assert "Zahlbar bis 15. Mai 2026" in text
    assert "Die ersten 1.000 1.000 0,02 € 20,00 €" in text
    assert "USt. 7,5 % auf 70,66 € 5,30 €" in text
    assert "Zu zahlen 1.300,00 €" in text


@pytest.mark.parametrize(("asked", "used"), [("de-AT", "de"), ("en-GB", "en"), ("fr", "en")])
def test_a_language_that_is_not_translated_falls_back_whole(asked: str, used: str) -> None:
    assert render_html(invoice(language=asked)) == render_html(invoice(language=used))


def test_long_numbers_make_the_type_smaller_instead_of_being_cut() -> None:
    wide = "999999999999999.123456789012"
    normal = render_html(invoice())

    html = render_html(invoice(lines=(line(quantity=wide, unit_price=wide),)))

    assert 'class="lines" style="font-size:8.50pt"' in normal
    assert 'class="lines" style="font-size:5.50pt"' in html
    assert "999,999,999,999,999.123456789012" in words(html)
