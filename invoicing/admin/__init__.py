"""The back office of invoices, of what is collected for them, and of taxes."""

from invoicing.admin import (
    collection,
    consequences,
    credit_notes,
    exemptions,
    invoices,
    panels,
    taxes,
)

__all__ = [
    "collection",
    "consequences",
    "credit_notes",
    "exemptions",
    "invoices",
    "panels",
    "taxes",
]
