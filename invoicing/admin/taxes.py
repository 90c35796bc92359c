"""Tax rates: what staff enter. None is invented."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from billing.accounts import audit
from billing.admin import formatting
from billing.admin.columns import column
from billing.kernel import clock
from billing.kernel.countries import is_country
from billing.kernel.decimals import format_decimal
from invoicing.models import TaxRate
from invoicing.taxes.positions import issue_day


def _state(rate: TaxRate) -> dict[str, Any]:
    return {
        "country": rate.country,
        "region": rate.region,
        "postalPrefix": rate.postal_prefix,
        "tax": rate.tax,
        "taxCategory": rate.tax_category,
        "name": rate.name,
        "percent": str(rate.percent),
        "validFrom": str(rate.valid_from),
        "validUntil": str(rate.valid_until) if rate.valid_until else None,
    }


class HoldsFilter(SimpleListFilter):
    """What holds today, where the seller is; what held before, and what will."""

    title = _("validity")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("now", _("Holds now")), ("past", _("Is over")), ("future", _("Is to come"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = issue_day(clock.now())
        over = Q(valid_until__lte=today)
        chosen = {
            "now": Q(valid_from__lte=today) & ~over,
            "past": over,
            "future": Q(valid_from__gt=today),
        }
        value = self.value()
        return queryset.filter(chosen[value]) if value in chosen else queryset


class TaxRateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rate. Overlaps with others are found by the model's own constraints."""

    class Meta:
        model = TaxRate
        fields = (
            "name",
            "percent",
            "country",
            "region",
            "postal_prefix",
            "tax",
            "tax_category",
            "valid_from",
            "valid_until",
        )
        labels: ClassVar = {
            "name": _("Name"),
            "percent": _("Percent"),
            "country": _("Country"),
            "region": _("Region"),
            "postal_prefix": _("Postal code begins with"),
            "tax": _("Tax"),
            "tax_category": _("Category"),
            "valid_from": _("From"),
            "valid_until": _("Until (exclusive)"),
        }
        help_texts: ClassVar = {
            "name": _("What invoices call it."),
            "region": _("Empty: the whole country. A region's rate goes before its country's."),
            "postal_prefix": _("Empty: everywhere there. The longest that fits goes first."),
            "tax": _("Rates of one tax replace each other, different taxes add up: GST, QST."),
            "tax_category": _("Of plans and charges: STANDARD where they say nothing else."),
            "valid_from": _("By the invoice's issue date."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.percent is not None:
            self.initial["percent"] = Decimal(format_decimal(self.instance.percent))

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if not is_country(code):
            raise ValidationError(_("Two capital letters of ISO 3166-1, such as DE."))
        return code


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):  # type: ignore[misc]
    """Rates by place, tax and category, each for as long as it holds.

    A change reaches drafts and later invoices; a finalized invoice keeps its own.
    """

    form = TaxRateForm
    list_display = (
        column("name", _("Name"), lambda r: r.name, ordering="name"),
        column(
            "percent_money",
            _("Percent"),
            lambda r: formatting.percent(r.percent),
            ordering="percent",
        ),
        column("country", _("Country"), lambda r: r.country, ordering="country"),
        column("region", _("Region"), lambda r: r.region or formatting.NONE, ordering="region"),
        column("postal", _("Postal code"), lambda r: r.postal_prefix or formatting.NONE),
        column("tax", _("Tax"), lambda r: r.tax, ordering="tax"),
        column("category", _("Category"), lambda r: r.tax_category, ordering="tax_category"),
        column("from", _("From"), lambda r: formatting.day(r.valid_from), ordering="valid_from"),
        column("until", _("Until (exclusive)"), lambda r: formatting.day(r.valid_until)),
    )
    list_filter = (HoldsFilter, "country", "tax", "tax_category")
    search_fields = ("name", "country", "region")
    ordering = ("country", "region", "postal_prefix", "tax", "tax_category", "-valid_from")
    fields = (
        ("name", "percent"),
        ("country", "region"),
        ("postal_prefix", "tax_category"),
        "tax",
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
