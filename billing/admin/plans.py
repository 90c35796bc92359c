"""Plans, their versions and their limits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from billing.admin import columns, formatting, prices
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from billing.admin.plan_actions import PlanActions
from billing.admin.plan_forms import PlanForm, limits_of
from billing.catalog.services import create_plan, update_plan
from billing.kernel import clock
from billing.models import Charge, Plan, PlanLimit, PlanVersion, Subscription

WINDOWS = [
    ("", _("a standing cap")),
    ("minute", _("a minute")),
    ("hour", _("an hour")),
    ("day", _("a day")),
    ("month", _("a month")),
]


class LimitInline(TabularInline):  # type: ignore[misc]
    """Limits: rates and caps, replaced whole by the service when the plan is saved."""

    model = PlanLimit
    extra = 0
    tab = True
    verbose_name_plural = _("Limits")
    fields = ("service_name", "feature_key", "value", "window", "description")

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Say what no window means, rather than asking for one."""
        return super().formfield_for_choice_field(db_field, request, **kwargs, choices=WINDOWS)


class VersionInline(ReadOnlyInline):
    """The plan's versions, newest first."""

    model = PlanVersion
    verbose_name_plural = _("Versions")
    ordering = ("-version",)
    hide_title = True
    show_change_link = True
    fields = readonly_fields = (
        column("number", _("Version"), lambda v: v.version),
        column("fee_money", _("Fee"), lambda v: prices.fee(v.price_minor, v.currency, v.interval)),
        column("conditions", _("Conditions"), prices.conditions),
        column("charges", _("Charges"), lambda v: len(v.charges.all())),
        columns.moment("created_at", _("Made")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanVersion]:
        return super().get_queryset(request).select_related("plan").prefetch_related("charges")  # type: ignore[no-any-return]


def _newest(field: str) -> Subquery:
    versions = PlanVersion.objects.filter(plan=OuterRef("pk")).order_by("-version")
    return Subquery(versions.values(field)[:1])


def offer_of(plan: Plan) -> SafeString:
    """Say whether the plan is on offer, and whether it is the default."""
    if not plan.is_active:
        return formatting.label(_("Archived"), "quiet")
    active = formatting.label(_("Active"), "good")
    return (
        active + format_html(" {}", formatting.label(_("Default"), "info"))
        if plan.is_default
        else active
    )


def _subscribers() -> Any:
    live = (
        Subscription.objects.live()
        .filter(plan_version__plan=OuterRef("pk"))
        .values("plan_version__plan")
        .annotate(found=Count("*"))
        .values("found")
    )
    return Coalesce(Subquery(live), 0)


@admin.register(Plan)
class PlanAdmin(PlanActions, ServiceAdmin):
    """Plans. Other prices make a new version for new subscribers: nobody's price changes."""

    form = PlanForm
    inlines = (LimitInline, VersionInline)
    list_display = (
        column("name", _("Name"), lambda p: p.name, ordering="name"),
        column("code_text", _("Code"), lambda p: formatting.code(p.code), ordering="code"),
        column("version", _("Version"), lambda p: p.newest_version or "–"),
        column(
            "fee_money",
            _("Price"),
            lambda p: prices.fee(p.newest_price, p.newest_currency, p.newest_interval),
        ),
        column(
            "subscribers",
            _("Subscribers"),
            lambda p: formatting.number(p.subscribers),
            ordering="subscribers",
        ),
        column("offer", _("Offer"), offer_of, ordering="is_active"),
    )
    list_filter = ("is_active",)
    search_fields = ("name", "code")
    ordering = ("sort_order", "name")
    actions_detail = ("make_default", "archive")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return Plan.objects.annotate(
            newest_version=_newest("version"),
            newest_price=_newest("price_minor"),
            newest_currency=_newest("currency"),
            newest_interval=_newest("interval"),
            subscribers=_subscribers(),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        note = _(
            "Other prices make a new version for new subscribers. Who has the plan keeps theirs."
        )
        first = _("This makes version 1. Charges for usage are added through the API.")
        return (
            (
                None,
                {
                    "fields": (
                        "name",
                        "code",
                        "description",
                        ("is_active", "is_default"),
                        "sort_order",
                    )
                },
            ),
            (
                _("Prices"),
                {
                    "description": note if obj else first,
                    "fields": (
                        ("price", "currency"),
                        ("interval", "trial_days"),
                        ("minimum_commitment", "pay_in_advance"),
                        ("tax_category", "tax_behavior"),
                    ),
                },
            ),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj else ()

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        limits = limits_of(formsets[0])
        if is_new:
            made = create_plan(
                code=form.cleaned_data["code"],
                details=form.details(),
                prices=form.draft(),
                limits=limits,
                now=clock.now(),
            )
            form.instance.pk = made.plan_id
            return
        update_plan(
            reference=form.instance.code,
            details=form.details(),
            prices=form.prices(),
            limits=limits,
            now=clock.now(),
        )


class ChargeInline(ReadOnlyInline):
    """What usage costs in this version."""

    model = Charge
    tab = False
    verbose_name_plural = _("Charges")
    fields = readonly_fields = (
        column("meter", _("Meter"), lambda c: formatting.code(c.meter.metric_type)),
        column("model", _("Model"), lambda c: prices.MODELS.get(c.model, c.model)),
        column("terms", _("Price"), prices.terms),
        column("bounds", _("Bounds"), prices.bounds),
        column("tax", _("Tax category"), lambda c: c.tax_category),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Charge]:
        rows: QuerySet[Charge] = super().get_queryset(request)
        return rows.select_related("meter", "plan_version__plan")


@admin.register(PlanVersion)
class PlanVersionAdmin(ReadOnlyAdmin):
    """Versions: prices that never change. The API makes new ones."""

    inlines = (ChargeInline,)
    list_display = (
        column("plan", _("Plan"), lambda v: v.plan.name, ordering="plan__name"),
        column("number", _("Version"), lambda v: v.version, ordering="version"),
        column("fee_money", _("Fee"), lambda v: prices.fee(v.price_minor, v.currency, v.interval)),
        column("conditions", _("Conditions"), prices.conditions),
        columns.moment("created_at", _("Made")),
    )
    list_filter = ("plan",)
    list_select_related = ("plan",)
    search_fields = ("plan__name", "plan__code")
    ordering = ("plan__sort_order", "plan__name", "-version")
    detail = (
        column(
            "plan",
            _("Plan"),
            lambda v: format_html(
                "{} ({})",
                formatting.link("billing_plan_change", v.plan.name, v.plan_id),
                v.plan.code,
            ),
        ),
        column("fee", _("Fee"), lambda v: prices.fee(v.price_minor, v.currency, v.interval)),
        column("conditions", _("Conditions"), prices.conditions),
        column("tax", _("Tax category"), lambda v: v.tax_category),
        columns.moment("created_at", _("Made")),
        column("id", _("Id"), lambda v: formatting.code(v.pk)),
    )
