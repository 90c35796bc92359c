"""An electronic invoice as XML, in either syntax of EN 16931."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils import translation

from invoicing.einvoice.content import content_of
from invoicing.models import Invoice, InvoiceLine


class Syntax(StrEnum):
    """`cii`: Cross Industry Invoice, as Factur-X and ZUGFeRD have it. `ubl`: OASIS UBL 2.1."""

    CII = "cii"
    UBL = "ubl"


FLAVORS: Final = {Syntax.CII: "factur-x", Syntax.UBL: "ubl-2.1"}


def einvoice(invoice: Invoice, lines: Sequence[InvoiceLine], *, syntax: Syntax) -> bytes:
    """Write a finalized invoice as XML of the profile EN 16931: always the same bytes.

    Raises EinvoiceNotPossible.
    """
    from facturx import generate_xml  # noqa: PLC0415  a tenth of a process's start, for few of them

    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        content = content_of(invoice, lines)
    written: bytes = generate_xml(
        content, flavor=FLAVORS[syntax], level="en16931", check_xsd=False, check_schematron=False
    )
    return written
