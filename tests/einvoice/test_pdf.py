"""The PDF carries its electronic invoice, and stays accessible, archivable and the same."""

from __future__ import annotations

import re

import pytest
from facturx import get_facturx_xml_from_pdf

from invoicing.einvoice.writing import Syntax, einvoice
from invoicing.pdf.render import render_html, render_pdf
from tests.einvoice.made import made, sold, vat
from tests.einvoice.rules import broken_rules
from tests.invoicing_pdf import samples


@pytest.fixture(scope="module")
def xml() -> bytes:
    return einvoice(*made([sold(3_000)], [vat("19")]), syntax=Syntax.CII)


@pytest.fixture(scope="module")
def pdf(xml: bytes) -> bytes:
    page = render_html(samples.full_invoice())
    return render_pdf(page, epoch=samples.EPOCH, einvoice=xml)


def metadata(pdf: bytes) -> str:
    root = samples.read(pdf).trailer["/Root"]
    text: str = root["/Metadata"].get_data().decode()  # type: ignore[index]
    return text


def test_the_electronic_invoice_comes_out_as_it_went_in(xml: bytes, pdf: bytes) -> None:
    name, found = get_facturx_xml_from_pdf(pdf)

    assert (name, found) == ("factur-x.xml", xml)
    assert broken_rules(found) == []


def test_it_says_that_it_is_factur_x_archivable_and_accessible(pdf: bytes) -> None:
    said = metadata(pdf)

    assert 'pdfaid:part="3"' in said
    assert 'pdfaid:conformance="A"' in said
    assert 'pdfuaid:part="1"' in said
    assert re.findall(r"<fx:(\w+)>([^<]+)<", said) == [
        ("DocumentType", "INVOICE"),
        ("DocumentFileName", "factur-x.xml"),
        ("Version", "1.0"),
        ("ConformanceLevel", "EN 16931"),
    ]
    assert said.count("<rdf:RDF") == 1


def test_the_file_is_associated_once_as_the_invoices_data(pdf: bytes) -> None:
    root = samples.read(pdf).trailer["/Root"]

    files = [found.get_object() for found in root["/AF"]]  # type: ignore[index]
    assert [(found["/F"], found["/AFRelationship"]) for found in files] == [
        ("factur-x.xml", "/Data")
    ]


def test_the_same_page_and_invoice_give_the_same_bytes(xml: bytes, pdf: bytes) -> None:
    page = render_html(samples.full_invoice())

    assert render_pdf(page, epoch=samples.EPOCH, einvoice=xml) == pdf


def test_a_page_without_one_says_nothing_of_factur_x() -> None:
    pdf = render_pdf(render_html(samples.invoice(status="DRAFT")), epoch=samples.EPOCH)

    said = metadata(pdf)
    assert 'pdfaid:part="3"' in said
    assert "fx:" not in said
    assert "/AF" not in samples.read(pdf).trailer["/Root"]  # type: ignore[operator]
