"""Invoices: read here, finalized and voided by the same services as the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import LabelledFilter
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.admin.stripe_links import stripe_link
from billing.kernel import clock
from billing.kernel.errors import BillingError
from invoicing import queries, services
from invoicing.admin.afterwards import panels_of
from invoicing.admin.files import show_pdf
from invoicing.admin.settling import SettlingActions, named
from invoicing.admin.sheet import sheet_of
from invoicing.models import OPEN, Invoice, InvoiceStatus
from invoicing.pdf.rendering import pdf_of

S = InvoiceStatus
VOIDABLE = (S.DRAFT, S.PENDING, S.OVERDUE, S.PAID, S.UNCOLLECTIBLE)


class InvoiceStatusFilter(LabelledFilter):
    """An invoice's status."""

    statuses: ClassVar[list[str]] = list(InvoiceStatus.values)


class OpenFilter(SimpleListFilter):
    """What is still to be paid, and what of it is past its due date (in UTC)."""

    title = _("payment")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("all", _("To be paid")), ("late", _("Past their due date"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"all", "late"}:
            return queryset
        rows = queryset.filter(status__in=OPEN)
        return rows.filter(due_date__lt=clock.now().date()) if self.value() == "late" else rows


class VoidForm(forms.Form):
    """Why an invoice is void."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept with the invoice and in the audit log."),
    )


@admin.register(Invoice)
class InvoiceAdmin(SettlingActions, ReadOnlyAdmin):
    """What is owed. A draft follows what comes in; a finalized invoice never changes."""

    change_form_outer_before_template = "admin/invoicing/sheet.html"
    list_display = (
        column("number", _("Number"), lambda i: i.number or _("Draft"), ordering="number"),
        columns.tenant(_("Tenant")),
        column(
            "period",
            _("Period"),
            lambda i: formatting.stretch(i.period_start, i.period_end),
            ordering="period_start",
        ),
        columns.status(_("Status")),
        columns.money("total_minor", _("Total")),
        column("due_money", _("Due"), lambda i: formatting.money(i.amount_due_minor, i.currency)),
        column(
            "due_date", _("Due date"), lambda i: formatting.day(i.due_date), ordering="due_date"
        ),
    )
    list_filter = (InvoiceStatusFilter, OpenFilter, "currency")
    search_fields = ("number", "account__tenant__name", "=id", "=account__id")
    search_help_text = _("Number, tenant or id")
    ordering = ("-created_at", "-id")
    actions_detail = ("open_pdf", "finalize", "pay", "credit", "write_off", "void")
    layout = (
        (
            _("Record"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("id_text", "kind"),
                    ("created_at_time", "calculated_at_time"),
                    ("finalized_at_time", "paid_at_time"),
                    ("seller_json", "buyer_json"),
                    "stripe",
                ),
            },
        ),
    )
    detail = (
        column("id_text", _("Id"), lambda i: formatting.code(i.pk)),
        column("kind", _("Kind"), lambda i: i.kind),
        columns.moment("created_at", _("Made")),
        columns.moment("calculated_at", _("Calculated")),
        columns.moment("finalized_at", _("Finalized")),
        columns.moment("paid_at", _("Paid")),
        columns.document("seller", _("Seller")),
        columns.document("buyer", _("Buyer")),
        column("stripe", _("Stripe"), lambda i: stripe_link("invoices", i.stripe_invoice_id)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        return Invoice.objects.select_related("account__tenant", "account__test_clock")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        found = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if found is not None:
            refresh(found)
            shown = Invoice.objects.select_related(
                "account__tenant", "subscription__plan_version__plan"
            )
            fresh = shown.prefetch_related("lines").get(pk=found.pk)
            context["sheet"], context["panels"] = sheet_of(fresh), panels_of(fresh)
        return super().change_view(request, object_id, form_url, context)

    def has_pdf_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_finalize_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, object_id, (S.DRAFT,))

    def has_void_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self.may(request, object_id, VOIDABLE):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return not (found is None or found.amount_paid_minor or found.credited_minor)

    def may(self, request: HttpRequest, object_id: Any, statuses: tuple[str, ...]) -> bool:
        """Say whether the staff may change invoices, and this one is in a state for it."""
        if not request.user.has_perm("invoicing.change_invoice"):
            return False
        if object_id is None or request.method == "POST":  # the service judges, and says why not
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.status in statuses

    @action(description=_("Open PDF"), icon="picture_as_pdf", permissions=["pdf"])
    def open_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the printed invoice."""
        invoice = self.found(request, object_id)
        refresh(invoice)
        try:
            made = pdf_of(account_id=invoice.account_id, invoice_id=invoice.pk, now=clock.now())
        except BillingError as error:
            messages.warning(request, str(error))
            return HttpResponseRedirect(self.page_url(object_id))
        return show_pdf(made, name=invoice.number or f"draft-{invoice.pk}")

    @action(
        description=_("Finalize"),
        icon="check_circle",
        permissions=["finalize"],
        variant=ActionVariant.PRIMARY,
    )
    def finalize(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Number, date and freeze a draft, after a question."""
        invoice = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            made = services.finalize_invoice(
                account_id=invoice.account_id,
                invoice_id=invoice.pk,
                now=clock.now_for(invoice.account),
            )
            return gettext("The invoice %(number)s is final.") % {"number": made.number}

        words = {
            "title": gettext("Finalize this draft?"),
            "question": gettext(
                "%(tenant)s is billed %(total)s, brought up to date as it is finalized. The "
                "invoice gets its number and its date, credit is used, and it never changes again."
            )
            % {
                "tenant": formatting.account_name(invoice.account),
                "total": formatting.money(invoice.total_minor, invoice.currency),
            },
            "button": gettext("Finalize"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)

    @action(description=_("Void"), icon="block", permissions=["void"], variant=ActionVariant.DANGER)
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Void an invoice, with a reason."""
        invoice = self.found(request, object_id)

        def act(given: dict[str, Any]) -> str:
            services.void_invoice(
                account_id=invoice.account_id,
                invoice_id=invoice.pk,
                reason=given["reason"],
                now=clock.now_for(invoice.account),
            )
            return gettext("The invoice %(name)s is void.") % {"name": named(invoice)}

        words = {
            "title": gettext("Void %(name)s?") % {"name": named(invoice)},
            "question": gettext(
                "Credit that it used is given back, a grant that it made is taken back. The run "
                "does not make it anew. This can't be undone."
            ),
            "button": gettext("Void"),
            "tone": "bad",
        }
        back = self.page_url(object_id)
        return confirm(self, request, words=words, back=back, act=act, form_class=VoidForm)


def refresh(invoice: Invoice) -> None:
    """Let a reader see the draft of an ended period as it is now."""
    if invoice.status != S.DRAFT:
        return
    now = clock.now_for(invoice.account)
    if invoice.pk in queries.stale_drafts(invoice.account_id, now=now):
        services.refresh_draft(account_id=invoice.account_id, invoice_id=invoice.pk, now=now)
