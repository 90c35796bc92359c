"""Tax rates: what staff enter. None is invented."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from billing.accounts import audit
from billing.admin import formatting
from billing.admin.columns import column
from billing.kernel import clock
from invoicing.models import TaxRate


def _state(rate: TaxRate) -> dict[str, Any]:
    return {
        "country": rate.country,
        "region": rate.region,
        "taxCategory": rate.tax_category,
        "name": rate.name,
        "percent": str(rate.percent),
        "validFrom": str(rate.valid_from),
        "validUntil": str(rate.valid_until) if rate.valid_until else None,
    }


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):  # type: ignore[misc]
    """Rates by country, region and category, each for as long as it holds.

    A change reaches drafts and later invoices; a finalized invoice keeps its own.
    """

    list_display = (
        column("name", _("Name"), lambda r: r.name, ordering="name"),
        column("country", _("Country"), lambda r: r.country, ordering="country"),
        column("region", _("Region"), lambda r: r.region or formatting.NONE, ordering="region"),
        column("category", _("Category"), lambda r: r.tax_category, ordering="tax_category"),
        column(
            "percent_money",
            _("Percent"),
            lambda r: f"{formatting.number(r.percent)} %",
            ordering="percent",
        ),
        column("from", _("From"), lambda r: formatting.day(r.valid_from), ordering="valid_from"),
        column("until", _("Until (exclusive)"), lambda r: formatting.day(r.valid_until)),
    )
    list_filter = ("country", "tax_category")
    search_fields = ("name", "country", "region")
    ordering = ("country", "region", "tax_category", "-valid_from")
    fields = (
        "name",
        ("country", "region", "tax_category"),
        "percent",
        ("valid_from", "valid_until"),
    )

    def save_model(self, request: HttpRequest, obj: TaxRate, form: Any, change: Any) -> None:
        before = _state(TaxRate.objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        audit.record(
            action="tax_rate.updated" if change else "tax_rate.created",
            subject=obj.name,
            before=before,
            after=_state(obj),
            now=clock.now(),
        )

    def delete_model(self, request: HttpRequest, obj: TaxRate) -> None:
        audit.record(
            action="tax_rate.deleted", subject=obj.name, before=_state(obj), now=clock.now()
        )
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for rate in queryset:
            self.delete_model(request, rate)
