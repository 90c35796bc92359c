"""Subscriptions with their periods and the versions that held when."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import PlanFilter, StatusFilter
from billing.admin.pages import ReadOnlyInline
from billing.admin.stripe_links import stripe_link
from billing.admin.subscription_actions import SubscriptionActions
from billing.models import Segment, Subscription, SubscriptionPeriod
from billing.subscriptions.queries import shown


class PeriodInline(ReadOnlyInline):
    """Periods: each is covered by one invoice."""

    model = SubscriptionPeriod
    verbose_name_plural = _("Periods")
    hide_title = True
    per_page = 50
    ordering = ("-sequence",)
    fields = readonly_fields = (
        column("number", _("Number"), lambda p: p.sequence + 1),
        column("kind", _("Kind"), lambda p: _("Trial") if p.is_trial else _("Paid")),
        columns.moment("start_at", _("From")),
        columns.moment("end_at", _("Until (exclusive)")),
    )


class SegmentInline(ReadOnlyInline):
    """Which prices held when."""

    model = Segment
    verbose_name_plural = _("Prices over time")
    hide_title = True
    ordering = ("-start_at",)
    fields = readonly_fields = (
        column(
            "version",
            _("Plan"),
            lambda s: formatting.link(
                "billing_planversion_change", s.plan_version, s.plan_version_id
            ),
        ),
        columns.moment("start_at", _("From")),
        columns.moment("end_at", _("Until (exclusive)")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).select_related("plan_version__plan")  # type: ignore[no-any-return]


def period_of(subscription: Subscription) -> object:
    start = getattr(subscription, "current_period_start", None)
    if start is None:
        return formatting.NONE
    return formatting.stretch(start, subscription.current_period_end)  # type: ignore[attr-defined]


@admin.register(Subscription)
class SubscriptionAdmin(SubscriptionActions):
    """Who has which plan, and since when; changed by actions alone."""

    inlines = (PeriodInline, SegmentInline)
    list_display = (
        column(
            "tenant",
            _("Tenant"),
            lambda s: formatting.account_name(s.account),
            ordering="account__tenant__name",
        ),
        columns.status(_("Status")),
        column(
            "plan", _("Plan"), lambda s: str(s.plan_version), ordering="plan_version__plan__name"
        ),
        column("period", _("Current period"), period_of),
        columns.moment("started_at", _("Started")),
        columns.moment("ended_at", _("Ended")),
    )
    list_filter = (StatusFilter, PlanFilter)
    search_fields = ("account__tenant__name", "=id", "=account__id")
    search_help_text = _("Tenant's name, or an id")
    ordering = ("-created_at",)
    layout = (
        (None, {"fields": (("tenant", "status"), ("plan", "pending"), ("period", "timezone"))}),
        (
            _("Dates"),
            {
                "fields": (
                    ("started_at_time", "anchor_at_time"),
                    ("trial_end_at_time", "paused_at_time"),
                    ("cancelled_at_time", "ended_at_time"),
                    ("cancel_at_period_end", "reason"),
                    "due_at_time",
                )
            },
        ),
        (_("Record"), {"fields": (("id_text", "stripe"), ("created_at_time", "updated_at_time"))}),
    )
    detail = (
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        column(
            "plan",
            _("Plan"),
            lambda s: formatting.link(
                "billing_planversion_change", s.plan_version, s.plan_version_id
            ),
        ),
        column(
            "pending",
            _("Plan from the next period on"),
            lambda s: str(s.pending_plan_version or formatting.NONE),
        ),
        column("period", _("Current period"), period_of),
        column("timezone", _("Time zone"), lambda s: s.timezone),
        columns.moment("started_at", _("Started")),
        columns.moment("anchor_at", _("Periods count from")),
        columns.moment("trial_end_at", _("Trial ends")),
        columns.moment("paused_at", _("Paused")),
        columns.moment("cancelled_at", _("Cancelled")),
        columns.moment("ended_at", _("Ended")),
        columns.flag("cancel_at_period_end", _("Ends with its period")),
        column("reason", _("Reason"), lambda s: s.cancellation_reason or formatting.NONE),
        columns.moment("due_at", _("Next step of the run")),
        columns.moment("created_at", _("Made")),
        columns.moment("updated_at", _("Changed")),
        column("id_text", _("Id"), lambda s: formatting.code(s.pk)),
        column(
            "stripe", _("Stripe"), lambda s: stripe_link("subscriptions", s.stripe_subscription_id)
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return shown().select_related("account__tenant", "pending_plan_version__plan")
