"""The back office of invoices and taxes."""

from invoicing.admin import exemptions, invoices, panels, taxes

__all__ = ["exemptions", "invoices", "panels", "taxes"]
