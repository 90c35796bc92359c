"""What becomes of invoices when their customer is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from billing.admin.consequences import Consequence, consequence
from invoicing.models import Invoice, InvoiceStatus


@consequence
def of_invoices(account_ids: Sequence[UUID]) -> list[Consequence]:
    """Drafts are void; what was final is kept as it was printed."""
    rows = Invoice.objects.filter(account_id__in=account_ids)
    drafts = rows.filter(status=InvoiceStatus.DRAFT).count()
    final = rows.filter(number__isnull=False).count()
    return [
        Consequence(_("Drafts of invoices"), drafts, _("are void")),
        Consequence(
            _("Final invoices"), final, _("stay as they were printed, for as long as the law asks")
        ),
    ]
