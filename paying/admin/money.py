"""What is collected through Stripe, and what it took."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import LabelledFilter
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from paying.admin.links import at_stripe
from paying.models import Collection, Intent, Receipt
from paying.money import collecting
from paying.records import CollectionStatus, IntentStatus


class CollectionStatusFilter(LabelledFilter):
    """Where a collection stands."""

    statuses: ClassVar[list[str]] = list(CollectionStatus.values)


class IntentStatusFilter(LabelledFilter):
    """What became of a payment."""

    statuses: ClassVar[list[str]] = list(IntentStatus.values)


def _invoice(row: Any) -> Any:
    if not row.invoice_id:
        return formatting.NONE
    return formatting.link("invoicing_invoice_change", row.invoice, row.invoice_id)


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    """Invoices that Stripe collects: where each stands, when it is tried next."""

    list_display = (
        column("number", _("Invoice"), lambda c: str(c.invoice)),
        columns.tenant(_("Tenant")),
        column(
            "due",
            _("Due"),
            lambda c: formatting.money(c.invoice.amount_due_minor, c.invoice.currency),
        ),
        columns.status(_("Status")),
        column("attempts", _("Attempts"), lambda c: c.attempts),
        column("failure", _("Failure"), lambda c: c.failure or formatting.NONE),
        columns.moment("due_at", _("Next attempt")),
    )
    list_filter = (CollectionStatusFilter,)
    search_fields = ("invoice__number", "account__tenant__name")
    search_help_text = _("Invoice or tenant")
    list_select_related = ("account__tenant", "invoice")
    ordering = ("-created_at",)
    actions_detail = ("again",)
    detail = (
        column("invoice_link", _("Invoice"), _invoice),
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        column("attempts", _("Attempts"), lambda c: c.attempts),
        column("failure", _("Failure"), lambda c: c.failure or formatting.NONE),
        columns.moment("due_at", _("Next attempt")),
        columns.moment("created_at", _("Since")),
    )

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("paying.change_collection"))

    @action(
        description=_("Try now"),
        icon="credit_card",
        permissions=["again"],
        variant=ActionVariant.PRIMARY,
    )
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have an invoice collected at once, after a question."""
        row = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            collecting.try_now(invoice_id=row.pk, now=clock.now())
            return gettext("It is tried within a minute.")

        due = formatting.money(row.invoice.amount_due_minor, row.invoice.currency)
        words = {
            "title": gettext("Try to collect now?"),
            "question": gettext("The card on file is charged %(due)s, if that is still due.")
            % {"due": due},
            "button": gettext("Try now"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)


@admin.register(Intent)
class IntentAdmin(ReadOnlyAdmin):
    """Each amount that was asked for, and what became of it."""

    list_display = (
        column("stripe", _("Stripe"), str),
        columns.tenant(_("Tenant")),
        column("number", _("Invoice"), lambda i: str(i.invoice)),
        columns.money("amount_minor", _("Amount")),
        columns.status(_("Status")),
        column("purpose", _("How"), lambda i: i.get_purpose_display()),
        columns.moment("asked_at", _("Asked for")),
    )
    list_filter = (IntentStatusFilter, "purpose")
    search_fields = ("=stripe_id", "invoice__number", "account__tenant__name")
    search_help_text = _("Stripe's id, invoice or tenant")
    list_select_related = ("account__tenant", "invoice")
    ordering = ("-asked_at", "-id")
    detail = (
        column("stripe_link", _("Stripe"), lambda i: at_stripe(i.stripe_id)),
        columns.tenant(_("Tenant")),
        column("invoice_link", _("Invoice"), _invoice),
        columns.money("amount_minor", _("Amount")),
        columns.status(_("Status")),
        column("purpose", _("How"), lambda i: i.get_purpose_display()),
        column("failure", _("Failure"), lambda i: i.failure or formatting.NONE),
        column("key", _("Idempotency key"), lambda i: formatting.code(i.key)),
        column("tries", _("Attempts"), lambda i: i.tries),
        columns.moment("asked_at", _("Asked for")),
    )


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Money that Stripe took, where it went, and what of it went back."""

    list_display = (
        column("stripe", _("Stripe"), lambda r: r.stripe_id),
        columns.tenant(_("Tenant")),
        columns.money("amount_minor", _("Amount")),
        columns.money("credited_minor", _("Became credit")),
        columns.money("refunded_minor", _("Went back")),
        columns.money("unexplained_minor", _("Unexplained")),
        column("dispute", _("Dispute"), lambda r: r.dispute or formatting.NONE),
        columns.moment("created_at", _("Received")),
    )
    list_filter = ("dispute",)
    search_fields = ("=stripe_id", "=intent_id", "=charge_id", "account__tenant__name")
    search_help_text = _("Stripe's id, or tenant")
    list_select_related = ("account__tenant", "invoice")
    ordering = ("-created_at", "-stripe_id")
    detail = (
        column("stripe_link", _("Stripe"), lambda r: at_stripe(r.stripe_id)),
        column("intent_link", _("Payment"), lambda r: at_stripe(r.intent_id)),
        columns.tenant(_("Tenant")),
        column("invoice_link", _("Invoice"), _invoice),
        columns.money("amount_minor", _("Amount")),
        columns.money("credited_minor", _("Became credit")),
        columns.money("refunded_minor", _("Went back")),
        columns.money("unexplained_minor", _("Unexplained")),
        column("dispute", _("Dispute"), lambda r: r.dispute or formatting.NONE),
        columns.moment("created_at", _("Received")),
    )
