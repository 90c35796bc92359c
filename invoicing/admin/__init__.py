"""The back office of invoices and taxes."""

from invoicing.admin import consequences, exemptions, invoices, panels, taxes

__all__ = ["consequences", "exemptions", "invoices", "panels", "taxes"]
