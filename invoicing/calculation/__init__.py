"""The arithmetic of an invoice: lines in, what is due out. Pure: no database, no clock."""

from invoicing.calculation.invoice import calculate
from invoicing.calculation.values import (
    Calculated,
    CalculatedLine,
    CreditInput,
    CreditUse,
    DiscountInput,
    LineInput,
    LineType,
    TaxRateInput,
)

__all__ = [
    "Calculated",
    "CalculatedLine",
    "CreditInput",
    "CreditUse",
    "DiscountInput",
    "LineInput",
    "LineType",
    "TaxRateInput",
    "calculate",
]
