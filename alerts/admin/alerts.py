"""Alerts in the back office."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from alerts import queries, services
from alerts.models import Alert, AlertStatus, ThresholdType
from alerts.wording import shown
from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.formatting import LABELS
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock

TYPES = {
    ThresholdType.ABSOLUTE: _("Cost of the period"),
    ThresholdType.PERCENTAGE_OF_BUDGET: _("Share of the budget"),
    ThresholdType.DAILY_RATE: _("Cost of 24 hours"),
    ThresholdType.ANOMALY: _("More than expected"),
}


def threshold(alert: Alert) -> str:
    return shown(alert, alert.threshold, alert.account.currency)


def current(alert: Alert) -> str:
    """Write what was measured when it was last looked at."""
    if alert.current is None:
        return formatting.NONE
    return shown(alert, alert.current, alert.account.currency)


def _firings(alert: Alert) -> Any:
    rows = alert.firings.order_by("-at")[:20]
    lines = (
        (formatting.moment(row.at), shown(alert, row.measured, alert.account.currency))
        for row in rows
    )
    return format_html_join("", "<p>{}: {}</p>", lines) or formatting.NONE


def _told(alert: Alert) -> str:
    ways = [alert.email or (_("Billing address") if alert.notify_email else "")]
    ways += [alert.slack.url if alert.slack else "", alert.webhook_url]
    return ", ".join(str(way) for way in ways if way) or formatting.NONE


class AlertStatusFilter(SimpleListFilter):
    """What it is in its tenant's open period."""

    title = _("status")
    parameter_name = "status"
    statuses: ClassVar[list[str]] = list(AlertStatus.values)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(status, LABELS[status][0]) for status in self.statuses]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(present_status=value) if value in self.statuses else queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """Thresholds on what tenants cost."""

    list_display = (
        columns.tenant(_("Tenant")),
        column("type", _("Alert"), lambda a: TYPES[ThresholdType(a.threshold_type)]),
        column("threshold", _("Threshold"), threshold, ordering="threshold"),
        column("current", _("Last measured"), current),
        columns.status(_("Status"), "present_status"),
        columns.moment("triggered_at", _("Fired")),
        columns.moment("created_at", _("Created")),
    )
    list_filter = (AlertStatusFilter,)
    search_fields = ("account__tenant__name", "=id", "=account__id")
    search_help_text = _("Tenant or id")
    ordering = ("-created_at", "-id")
    actions_detail = ("dismiss",)
    detail = (
        columns.tenant(_("Tenant")),
        column("type", _("Alert"), lambda a: TYPES[ThresholdType(a.threshold_type)]),
        column("threshold", _("Threshold"), threshold),
        column("current", _("Last measured"), current),
        columns.status(_("Status"), "present_status"),
        columns.moment("triggered_at", _("Fired")),
        columns.moment("dismissed_at", _("Dismissed")),
        column("told", _("Tells"), _told),
        column("firings", _("Has fired"), _firings),
        columns.moment("created_at", _("Created")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return queries.shown().select_related("account__tenant", "account__test_clock", "slack")

    def has_dismiss_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("alerts.change_alert"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.present_status != AlertStatus.DISMISSED

    @action(
        description=_("Dismiss"),
        icon="notifications_off",
        permissions=["dismiss"],
        variant=ActionVariant.PRIMARY,
    )
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep it quiet until the next period, after a question."""
        alert = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            services.dismiss_alert(alert_id=alert.pk, now=clock.now_for(alert.account))
            return gettext("The alert is quiet until the next billing period.")

        words = {
            "title": gettext("Dismiss this alert?"),
            "question": gettext("It stays quiet until the tenant's next billing period."),
            "button": gettext("Dismiss"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)
