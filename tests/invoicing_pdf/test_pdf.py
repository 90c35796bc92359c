"""The PDF itself: its bytes, its text, its pages and its structure."""

from __future__ import annotations

from typing import Any

import pytest
from pypdf.generic import DictionaryObject

from invoicing.pdf.document import PartyBlock
from invoicing.pdf.render import render_html, render_pdf
from tests.invoicing_pdf.samples import (
    EPOCH,
    full_invoice,
    invoice,
    line,
    page_texts,
    read,
    tiered,
)

A4 = (595, 842)
LETTER = (612, 792)
HEADER = "Description Quantity Unit price Amount"


def pdf_of(document: Any) -> bytes:
    return render_pdf(render_html(document), epoch=EPOCH)


@pytest.fixture(scope="module")
def full() -> bytes:
    return pdf_of(full_invoice())


def page_size(pdf: bytes) -> tuple[int, int]:
    box = read(pdf).pages[0].mediabox
    return round(box.width), round(box.height)


def catalog(pdf: bytes) -> Any:
    return read(pdf).trailer["/Root"]


def structure(pdf: bytes) -> list[str]:
    """Return the tags of the structure tree, in reading order."""
    tags: list[str] = []

    def walk(node: Any) -> None:
        if not isinstance(node, DictionaryObject):
            return
        if "/S" in node:
            tags.append(str(node["/S"])[1:])
        kids = node.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            walk(kid.get_object() if hasattr(kid, "get_object") else kid)

    walk(catalog(pdf)["/StructTreeRoot"])
    return tags


def test_the_same_invoice_gives_the_same_bytes(full: bytes) -> None:
    assert pdf_of(full_invoice()) == full


def test_the_text_holds_every_amount_exactly(full: bytes) -> None:
    text = " ".join(page_texts(full))

    printed = (
        "$1,234.50 $93.01 $20.00 $63.00 $10.005 −$14.50 −$131.30 $1,313.01 $211.10 $5.30 "
        "$1,398.11 −$25.00 −$73.11 $1,300.00 6,000.5 $0.015 INV-2026-000042"
    )
    assert [amount for amount in printed.split() if amount not in text] == []


def test_one_page_is_numbered_one_of_one(full: bytes) -> None:
    texts = page_texts(full)

    assert len(texts) == 1
    assert "Page 1 of 1" in texts[0]


def test_the_document_is_tagged_for_readers_who_cannot_see_it(full: bytes) -> None:
    reader = read(full)
    root = catalog(full)
    tags = structure(full)

    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice INV-2026-000042 · Northwind Metering GmbH"
    assert b'pdfuaid:part="1"' in root["/Metadata"].get_data()
    assert tags.count("H1") == 1
    assert tags.count("Table") == 3
    assert tags.count("THead") == 1
    assert tags.count("TH") > tags.count("TR")  # every row has its header, columns have theirs


def test_all_fonts_are_inside(full: bytes) -> None:
    pages: list[Any] = list(read(full).pages)
    fonts = [
        descendant.get_object()["/FontDescriptor"]
        for page in pages
        for font in page["/Resources"]["/Font"].values()
        for descendant in font.get_object()["/DescendantFonts"]
    ]

    assert len(fonts) == 3
    assert all("/FontFile2" in font for font in fonts)


def test_a_draft_is_marked_on_letter_paper_on_each_page() -> None:
    pdf = pdf_of(invoice(status="DRAFT", number=None, paper="LETTER", lines=(tiered(),) * 9))

    texts = page_texts(pdf)

    assert page_size(pdf) == LETTER
    assert len(texts) == 2
    assert all("DRAFT" in text for text in texts)


def test_a_finished_invoice_is_unmarked_on_a4(full: bytes) -> None:
    assert page_size(full) == A4
    assert "DRAFT" not in page_texts(full)[0]
    assert "VOID" not in page_texts(full)[0]


def test_a_void_invoice_is_marked() -> None:
    assert "VOID" in page_texts(pdf_of(invoice(status="VOID")))[0]


def places_of_totals(pdf: bytes) -> list[float]:
    """Return from where on the labels of the totals stand: points from the page's left side."""
    found: list[float] = []

    def see(text: str, matrix: Any, at: Any, *_: Any) -> None:
        if text.strip() in {"Total", "Amount due"} and matrix[3] * at[5] + matrix[5] < 500:
            found.append(matrix[0] * at[4] + matrix[4])

    read(pdf).pages[-1].extract_text(visitor_text=see)
    return found


@pytest.mark.parametrize(
    "changes",
    [{}, {"status": "VOID"}, {"status": "DRAFT"}, {"notes": "Thank you. " * 100}],
    ids=["terms", "void", "draft", "notes"],
)
def test_the_totals_stand_under_the_amounts_whatever_is_beside(changes: dict[str, Any]) -> None:
    labels = places_of_totals(pdf_of(invoice(**changes)))

    assert len(labels) == 2
    assert min(labels) > 250  # they are 92 mm wide


def test_names_of_other_scripts_and_of_any_length_are_printed() -> None:
    party = PartyBlock(name="Жанна Ω · Łódź " + "W" * 200, address="x\n" * 6, tax_id="A" * 255)
    wide = "999999999999999.123456789012"
    lines = (
        line("x" * 2000, quantity=wide, unit_price=wide, amount="-999999999999999.99"),
        line("<b>Bold</b> & co", unit="u" * 255),
    )

    text = " ".join(page_texts(pdf_of(invoice(seller=party, buyer=party, lines=lines))))

    assert "999,999,999,999,999.123456789012" in text
    assert "−$999,999,999,999,999.99" in text
    assert "<b>Bold</b> & co" in text
    assert "Жанна Ω · Łódź" in text


def test_scripts_without_a_font_on_this_machine_do_no_harm() -> None:
    party = PartyBlock(name="שלום עולם · شركة الاختبار · 株式会社テスト 👍", address="东京都港区")

    pdf = pdf_of(invoice(buyer=party))

    assert len(read(pdf).pages) == 1


def test_the_totals_never_stand_on_a_page_without_a_line() -> None:
    counts = range(14, 20)

    pages = {
        count: page_texts(
            pdf_of(invoice(lines=tuple(line(f"Service {i:02d}") for i in range(count))))
        )
        for count in counts
    }

    assert {len(texts) for texts in pages.values()} == {1, 2}
    assert [
        count
        for count, texts in pages.items()
        if not ("Subtotal" in texts[-1] and f"Service {count - 1:02d}" in texts[-1])
    ] == []


@pytest.mark.slow
def test_forty_pages_repeat_the_header_and_end_with_the_totals() -> None:
    lines = tuple(
        line(f"Service {index:04d}") if index % 12 else tiered(f"Bucket {index:04d}")
        for index in range(1, 1151)
    )

    texts = page_texts(pdf_of(invoice(lines=lines)))

    assert len(texts) >= 40
    assert all(HEADER in text for text in texts)
    assert [f"Page {i} of {len(texts)}" in text for i, text in enumerate(texts, 1)] == [True] * len(
        texts
    )
    assert ["Subtotal" in text for text in texts] == [False] * (len(texts) - 1) + [True]
    assert "Service 1150" in texts[-1]
    whole = " ".join(texts)
    assert [n for n in lines if whole.count(n.description) != 1] == []
    orphaned = [text for text in texts if text.partition(HEADER)[2].lstrip().startswith("First")]
    assert orphaned == []
