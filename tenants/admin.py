"""Tenants: who consumes and is billed. Made and changed by the same services as the API."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ServiceAdmin
from billing.admin.panels import ACCOUNT_PANELS
from billing.kernel import clock
from billing.models import Subscription
from tenants import services
from tenants.admin_forms import TenantForm
from tenants.models import Tenant
from tenants.queries import with_credit


def _live(field: str) -> Subquery:
    rows = Subscription.objects.live().filter(account_id=OuterRef("account_id"))
    return Subquery(rows.values(field)[:1])


def plan_of(tenant: Any) -> str:
    return str(tenant.plan_name or formatting.NONE)


def status_of(tenant: Any) -> str:
    if tenant.plan_status is None:
        return formatting.NONE
    return formatting.status_label(tenant.plan_status)


@admin.register(Tenant)
class TenantAdmin(ServiceAdmin):
    """A tenant's page has what each app knows of it, then the form."""

    form = TenantForm
    change_form_outer_before_template = "admin/billing/panels.html"
    list_display = (
        column("name", _("Name"), lambda t: t.name, ordering="name"),
        column("plan", _("Plan"), plan_of, ordering="plan_name"),
        column("status", _("Subscription"), status_of, ordering="plan_status"),
        columns.money("credit_minor", _("Credit"), currency="account.currency"),
        column(
            "currency", _("Currency"), lambda t: t.account.currency, ordering="account__currency"
        ),
        columns.moment("created_at", _("Made")),
    )
    search_fields = ("name", "billing_email", "=account__id")
    search_help_text = _("Name, e-mail or id")
    ordering = ("-created_at",)
    fieldsets = (
        (
            None,
            {"fields": ("name", ("currency", "timezone"), ("customer", "test_clock"), "budget")},
        ),
        (_("Invoices go to"), {"fields": (("billing_email", "tax_id"),)}),
        (
            _("Address"),
            {"fields": ("line1", "line2", ("postal_code", "city"), ("state", "region"), "country")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return (
            with_credit()
            .select_related("account__test_clock")
            .annotate(
                plan_name=_live("plan_version__plan__name"),
                plan_status=_live("status"),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets
        fixed = _("The currency is fixed once anything was subscribed, granted or billed.")
        fields = ("name", ("currency", "timezone"), "budget")
        first = (_("Details"), {"description": fixed, "fields": fields})
        return (first, *self.fieldsets[1:])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        found = self.get_object(request, object_id)
        panels = [make(found.account) for make in ACCOUNT_PANELS] if found else []
        context = {**(extra_context or {}), "panels": panels}
        return super().change_view(request, object_id, form_url, context)

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        given = form.cleaned_data
        if not is_new:
            account = form.instance.account
            services.update_tenant(
                account_id=account.pk,
                changes={
                    **form.details(),
                    "currency": given["currency"],
                    "timezone": given["timezone"],
                },
                now=clock.now_for(account),
            )
            return
        made = services.create_tenant(
            name=given["name"],
            currency=given["currency"],
            timezone=given["timezone"],
            customer_id=given["customer"],
            test_clock_id=given["test_clock"],
            details={k: v for k, v in form.details().items() if k != "name"},
            now=clock.now(),
        )
        form.instance.account = made.account
