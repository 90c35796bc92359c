"""The back office of invoices, of what is collected for them, and of taxes."""

from invoicing.admin import collection, credit_notes, invoices, panels, taxes

__all__ = ["collection", "credit_notes", "invoices", "panels", "taxes"]
