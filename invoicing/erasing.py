"""The part that invoices have in forgetting a person: what was never final goes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing.models import LockedAccount
from invoicing import finalizing
from invoicing.models import Invoice, InvoiceDocument, InvoiceStatus
from invoicing.records import Mail

BATCH: Final = 20
REASON: Final = "The customer was deleted."


def erase_drafts(account: LockedAccount, *, now: datetime) -> bool:
    """Void open drafts, and drop the PDFs of what never became final; return whether some is left.

    Finalized invoices keep what they printed. (Named by the setting BILLING_ERASERS.)
    """
    drafts = Invoice.objects.filter(account=account, status=InvoiceStatus.DRAFT)
    batch = list(drafts.select_related("period").order_by("pk")[:BATCH])
    for invoice in batch:
        finalizing.void(account, invoice, reason=REASON, now=now)
    InvoiceDocument.objects.filter(account=account, invoice__number__isnull=True).delete()
    return len(batch) == BATCH


def erase_mails(account: LockedAccount, *, now: datetime) -> bool:
    """Delete mails, sent or waiting: they name whom they go to. Return whether some is left.

    (Named by the setting BILLING_ERASERS.)
    """
    batch = list(Mail.objects.filter(account=account).values_list("pk", flat=True)[:BATCH])
    Mail.objects.filter(pk__in=batch).delete()
    return len(batch) == BATCH
