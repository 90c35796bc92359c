"""The back office of invoices and taxes."""

from invoicing.admin import consequences, invoices, panels, taxes

__all__ = ["consequences", "invoices", "panels", "taxes"]
