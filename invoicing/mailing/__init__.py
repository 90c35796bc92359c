"""Mails: written with the change that they tell of, sent afterwards."""

from invoicing.mailing.notices import write_notice
from invoicing.mailing.outbox import NO_ADDRESS, WRITTEN, write

__all__ = ["NO_ADDRESS", "WRITTEN", "write", "write_notice"]
