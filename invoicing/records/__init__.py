"""Tables of what happens to an invoice once it is a fact, and of what can't be billed."""

from invoicing.records.credit_notes import CreditNote, CreditNoteDocument, CreditNoteLine
from invoicing.records.dunning import Dunning, DunningAction, DunningEntry, DunningStep
from invoicing.records.mails import Mail, MailStatus, MailTemplate
from invoicing.records.parking import ParkedAccount
from invoicing.records.payments import Payment
from invoicing.records.series import InvoiceSeries

__all__ = [
    "CreditNote",
    "CreditNoteDocument",
    "CreditNoteLine",
    "Dunning",
    "DunningAction",
    "DunningEntry",
    "DunningStep",
    "InvoiceSeries",
    "Mail",
    "MailStatus",
    "MailTemplate",
    "ParkedAccount",
    "Payment",
]
