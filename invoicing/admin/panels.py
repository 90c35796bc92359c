"""What a tenant's page shows of its invoices."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.panels import Panel, account_panel
from billing.models import Account
from invoicing.models import Invoice

SHOWN: Final = 12


@account_panel
def invoices_panel(account: Account) -> Panel:
    """The newest invoices."""
    found = Invoice.objects.filter(account=account).order_by("-created_at", "-id")[:SHOWN]
    rows = [
        [
            formatting.link("invoicing_invoice_change", invoice.number or _("Draft"), invoice.pk),
            formatting.status_label(invoice.status),
            formatting.stretch(invoice.period_start, invoice.period_end),
            formatting.money(invoice.total_minor, invoice.currency),
            formatting.money(invoice.amount_due_minor, invoice.currency),
            formatting.day(invoice.due_date),
        ]
        for invoice in found
    ]
    return Panel(
        title=_("Invoices"),
        headers=[_("Number"), _("Status"), _("Period"), _("Total"), _("Due"), _("Due date")],
        rows=rows,
        right=frozenset({3, 4}),
        is_wide=True,
        empty=_("No invoice yet."),
        more_url=f"{reverse('admin:invoicing_invoice_changelist')}?q={account.pk}",
        more_text=_("All"),
    )
