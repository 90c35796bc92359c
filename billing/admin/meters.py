"""Meters: kinds of usage."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ServiceAdmin, ServiceForm
from billing.catalog.services import create_meter, update_meter
from billing.kernel import clock
from billing.models import Meter

FIELDS = ("name", "unit", "aggregation", "unique_field", "is_active")


class MeterForm(ServiceForm):
    """A meter. How it counts can't change once it is used."""

    wire_names: ClassVar[dict[str, str]] = {
        "metricType": "metric_type",
        "uniqueField": "unique_field",
        "isActive": "is_active",
    }

    class Meta:
        model = Meter
        fields = ("metric_type", *FIELDS)
        labels = {
            "metric_type": _("Metric type"),
            "name": _("Name"),
            "unit": _("Unit"),
            "aggregation": _("Aggregation"),
            "unique_field": _("Distinct values of"),
            "is_active": _("Active"),
        }
        help_texts = {
            "metric_type": _("What events call it, such as API_CALLS. It can't change."),
            "unique_field": _("For UNIQUE: the event's property whose distinct values count."),
        }
        widgets = {
            "metric_type": UnfoldAdminTextInputWidget,
            "aggregation": UnfoldAdminSelectWidget,
        }


@admin.register(Meter)
class MeterAdmin(ServiceAdmin):
    """Kinds of usage, and how their events become one quantity."""

    form = MeterForm
    list_display = (
        column(
            "metric",
            _("Metric type"),
            lambda m: formatting.code(m.metric_type),
            ordering="metric_type",
        ),
        column("name", _("Name"), lambda m: m.name, ordering="name"),
        column("aggregation", _("Aggregation"), lambda m: m.aggregation, ordering="aggregation"),
        column("unit", _("Unit"), lambda m: m.unit, ordering="unit"),
        columns.flag("is_active", _("Active")),
        columns.moment("created_at", _("Made")),
    )
    list_filter = ("aggregation", "is_active")
    search_fields = ("metric_type", "name")
    ordering = ("metric_type",)
    fields = ("metric_type", "name", "unit", "aggregation", "unique_field", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("metric_type",) if obj else ()

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        given = {field: form.cleaned_data[field] for field in FIELDS}
        if is_new:
            made = create_meter(
                metric_type=form.cleaned_data["metric_type"], now=clock.now(), **given
            )
            form.instance.pk = made.pk
            return
        update_meter(metric_type=form.instance.metric_type, changes=given, now=clock.now())
