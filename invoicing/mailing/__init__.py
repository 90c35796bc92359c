"""Mails about invoices: written with the change that they tell of, sent afterwards."""

from invoicing.mailing.outbox import write

__all__ = ["write"]
