"""From fees, usage and what came late to a bill: one computation, whoever asks for it."""

from invoicing.composing.bills import Bill, Billed, BillLine
from invoicing.composing.compose import compose

__all__ = ["Bill", "BillLine", "Billed", "compose"]
