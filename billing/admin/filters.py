"""Filters of lists."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin.formatting import LABELS
from billing.models import Plan
from billing.subscriptions.models import SubscriptionStatus


class LabelledFilter(SimpleListFilter):
    """By status, in the words of its labels."""

    title = _("status")
    parameter_name = "status"
    statuses: ClassVar[list[str]] = []
    field: ClassVar[str] = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(status, LABELS[status][0]) for status in self.statuses]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.field: value}) if value in self.statuses else queryset


class StatusFilter(LabelledFilter):
    """A subscription's status."""

    statuses: ClassVar[list[str]] = list(SubscriptionStatus.values)


class PlanFilter(SimpleListFilter):
    """A subscription's plan, whatever the version."""

    title = _("plan")
    parameter_name = "plan"
    field: ClassVar[str] = "plan_version__plan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(Plan.objects.order_by("sort_order", "name").values_list("code", "name")[:100])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{f"{self.field}__code": value}) if value else queryset
