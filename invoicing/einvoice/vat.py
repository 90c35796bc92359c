"""An invoice's taxes in EN 16931: a VAT category for each line, and its tax."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from billing.kernel.decimals import format_decimal
from invoicing.einvoice.errors import EinvoiceNotPossible
from invoicing.models import Invoice, InvoiceLine
from invoicing.taxes.treatment import Treatment

VAT: Final = "VAT"
NOT_TAXED: Final = "Not subject to VAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class VatCategory:
    """A code of UNTDID 5305 with its rate in percent; no rate where VAT does not apply at all."""

    code: str
    rate: str | None = "0"
    reason: str = ""
    reason_code: str = ""


REVERSED: Final = VatCategory(code="AE", reason="Reverse charge", reason_code="VATEX-EU-AE")
OUTSIDE: Final = VatCategory(code="O", rate=None, reason=NOT_TAXED, reason_code="VATEX-EU-O")
BESIDE: Final = VatCategory(code="E", reason=NOT_TAXED)


def categories(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[VatCategory]:
    """Return the category of each line, in their order.

    Lines without a rate are outside VAT (O); beside taxed ones, where that category must not
    stand, they are exempt (E). Raises EinvoiceNotPossible for a tax that is no VAT, and for more
    than one on a line.
    """
    found = [_category(invoice, line) for line in lines]
    if any(category != OUTSIDE for category in found):
        return [BESIDE if category == OUTSIDE else category for category in found]
    return found


def _category(invoice: Invoice, line: InvoiceLine) -> VatCategory:
    if invoice.tax_treatment == Treatment.REVERSE_CHARGE:
        return REVERSED
    if invoice.tax_treatment in {Treatment.EXEMPT, Treatment.SMALL_BUSINESS}:
        return VatCategory(code="E", reason=invoice.tax_reason, reason_code=invoice.tax_reason_code)
    if not line.taxes:
        return OUTSIDE
    if len(line.taxes) > 1:
        raise EinvoiceNotPossible(reason="a line is under more than one tax")
    (tax,) = line.taxes
    if tax["tax"] != VAT:
        raise EinvoiceNotPossible(reason=f"{tax['name']} is no VAT")
    return VatCategory(code="Z" if tax["rate"] == "0" else "S", rate=tax["rate"])


def tax_of(category: VatCategory, taxes: Iterable[InvoiceLine]) -> int:
    """Return the tax of a category, in minor units: that of the invoice's line of this rate."""
    if category.code != "S":
        return 0
    return sum(
        line.amount_minor
        for line in taxes
        if line.tax_rate is not None and format_decimal(line.tax_rate) == category.rate
    )
