"""Who is charged no tax, and why: what staff enter, and what a tenant's page shows of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.accounts import audit
from billing.admin import formatting
from billing.admin.columns import column
from billing.admin.panels import Panel, account_panel
from billing.kernel import clock
from billing.models import Account
from invoicing.admin.taxes import HoldsFilter
from invoicing.models import TaxExemption
from invoicing.taxes.positions import issue_day, tax_position
from invoicing.taxes.treatment import Treatment
from tenants.models import Tenant

TREATMENTS = {
    Treatment.STANDARD: _("By the rates of its place"),
    Treatment.SMALL_BUSINESS: _("None: we charge no tax"),
    Treatment.EXEMPT: _("None: exempt"),
    Treatment.REVERSE_CHARGE: _("None: reverse charge"),
}


def _state(exemption: TaxExemption) -> dict[str, Any]:
    return {
        "reason": exemption.reason,
        "code": exemption.code,
        "validFrom": str(exemption.valid_from),
        "validUntil": str(exemption.valid_until) if exemption.valid_until else None,
    }


class TaxExemptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An exemption. Two of one tenant at a time are found by the model's own constraints."""

    class Meta:
        model = TaxExemption
        fields = ("account", "reason", "code", "valid_from", "valid_until")
        labels: ClassVar = {
            "account": _("Tenant's id"),
            "reason": _("Reason"),
            "code": _("Code"),
            "valid_from": _("From"),
            "valid_until": _("Until (exclusive)"),
        }
        help_texts: ClassVar = {
            "reason": _("Printed on the tenant's invoices."),
            "code": _("Of the list VATEX, for electronic invoices."),
            "valid_from": _("By the invoice's issue date."),
        }
        widgets: ClassVar = {"account": UnfoldAdminTextInputWidget}


@admin.register(TaxExemption)
class TaxExemptionAdmin(ModelAdmin):  # type: ignore[misc]
    """Exempt tenants. A change reaches drafts and later invoices, and no finalized one."""

    form = TaxExemptionForm
    list_display = (
        column("reason", _("Reason"), lambda e: e.reason, ordering="reason"),
        column("tenant", _("Tenant"), lambda e: formatting.account_link(e.account)),
        column("code", _("Code"), lambda e: e.code or formatting.NONE),
        column("from", _("From"), lambda e: formatting.day(e.valid_from), ordering="valid_from"),
        column("until", _("Until (exclusive)"), lambda e: formatting.day(e.valid_until)),
    )
    list_filter = (HoldsFilter,)
    search_fields = ("reason", "account__tenant__name", "=account__id")
    ordering = ("-valid_from", "-id")
    fields = ("account", ("reason", "code"), ("valid_from", "valid_until"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxExemption]:
        found: QuerySet[TaxExemption] = super().get_queryset(request)
        return found.select_related("account__tenant")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take the id as text: a list of all accounts would be too long."""
        return db_field.formfield(**{**kwargs, "widget": UnfoldAdminTextInputWidget})

    def save_model(self, request: HttpRequest, obj: TaxExemption, form: Any, change: Any) -> None:
        before = _state(TaxExemption.objects.get(pk=obj.pk)) if change else None
        now = clock.now()
        if not change:
            obj.created_at = now
        super().save_model(request, obj, form, change)
        audit.record(
            action="tax_exemption.updated" if change else "tax_exemption.created",
            account_id=obj.account_id,
            subject=obj.account_id,
            before=before,
            after=_state(obj),
            now=now,
        )

    def delete_model(self, request: HttpRequest, obj: TaxExemption) -> None:
        audit.record(
            action="tax_exemption.deleted",
            account_id=obj.account_id,
            subject=obj.account_id,
            before=_state(obj),
            now=clock.now(),
        )
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for exemption in queryset:
            self.delete_model(request, exemption)


@account_panel
def tax_panel(account: Account) -> Panel:
    """Tell how the tenant would be taxed today, by which rates, and its exemptions."""
    tenant = Tenant.objects.get(account_id=account.id)
    position = tax_position(tenant, on=issue_day(clock.now_for(account)))
    rows: list[list[Any]] = [[_("Tax today"), TREATMENTS[position.treatment]]]
    rows += [
        [f"{rate.name}, {rate.category}", formatting.percent(rate.percent)]
        for rate in position.rates
    ]
    rows += [
        [
            formatting.link("invoicing_taxexemption_change", _("Exemption"), found.pk),
            format_html(
                "{} · {} – {}",
                found.reason,
                formatting.day(found.valid_from),
                formatting.day(found.valid_until) if found.valid_until else "",
            ),
        ]
        for found in TaxExemption.objects.filter(account=account).order_by("-valid_from")[:12]
    ]
    return Panel(
        title=_("Taxes"),
        rows=rows,
        more_url=f"{reverse('admin:invoicing_taxexemption_add')}?account={account.pk}",
        more_text=_("Exempt"),
    )
