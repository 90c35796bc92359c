"""Credit notes: read here, issued on their invoice's page."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, ReadOnlyInline
from billing.kernel.errors import BillingError
from invoicing.admin.files import show_pdf
from invoicing.pdf.credit_notes import pdf_of_credit_note
from invoicing.records import CreditNote, CreditNoteLine


class CreditNoteLineInline(ReadOnlyInline):
    """What was taken back of each line."""

    model = CreditNoteLine
    verbose_name_plural = _("Lines")
    hide_title = True
    ordering = ("position",)
    fields = readonly_fields = (
        column("line", _("Line"), lambda row: row.invoice_line.description),
        column(
            "amount_money",
            _("Amount"),
            lambda row: formatting.money(row.amount_minor, row.credit_note.currency),
        ),
        column(
            "discount_money",
            _("Discount"),
            lambda row: formatting.money(-row.discount_minor, row.credit_note.currency),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditNoteLine]:
        rows: QuerySet[CreditNoteLine] = super().get_queryset(request)
        return rows.select_related("invoice_line", "credit_note")


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    """What was taken back of invoices. A note never changes."""

    inlines = (CreditNoteLineInline,)
    list_display = (
        column("number", _("Number"), lambda n: n.number, ordering="number"),
        columns.tenant(_("Tenant")),
        column(
            "invoice_link",
            _("Invoice"),
            lambda n: formatting.link("invoicing_invoice_change", n.invoice, n.invoice_id),
        ),
        columns.money("total_minor", _("Total")),
        columns.money("credit_granted_minor", _("Granted as credit")),
        column("issued", _("Issued"), lambda n: formatting.day(n.issue_date)),
    )
    search_fields = ("number", "invoice__number", "account__tenant__name")
    search_help_text = _("Number, invoice or tenant")
    list_select_related = ("account__tenant", "invoice")
    ordering = ("-created_at", "-id")
    actions_detail = ("open_pdf",)
    detail = (
        column("number", _("Number"), lambda n: n.number),
        columns.tenant(_("Tenant")),
        column(
            "invoice_link",
            _("Invoice"),
            lambda n: formatting.link("invoicing_invoice_change", n.invoice, n.invoice_id),
        ),
        column("reason", _("Reason"), lambda n: n.reason),
        column("issued", _("Issued"), lambda n: formatting.day(n.issue_date)),
        columns.money("subtotal_minor", _("Subtotal")),
        columns.money("discount_total_minor", _("Discounts")),
        columns.money("tax_total_minor", _("Tax")),
        columns.money("total_minor", _("Total")),
        columns.money("due_reduced_minor", _("Taken off the amount due")),
        columns.money("credit_granted_minor", _("Granted as credit")),
    )

    def has_pdf_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Open PDF"), icon="picture_as_pdf", permissions=["pdf"])
    def open_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the printed note."""
        note = self.found(request, object_id)
        try:
            return show_pdf(pdf_of_credit_note(note_id=note.pk), name=note.number)
        except BillingError as error:
            messages.warning(request, str(error))
            return HttpResponseRedirect(self.page_url(object_id))
