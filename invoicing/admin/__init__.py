"""The back office of invoices and taxes."""

from invoicing.admin import invoices, panels, taxes

__all__ = ["invoices", "panels", "taxes"]
