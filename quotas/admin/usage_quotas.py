"""Tenants' quotas in the back office: made and changed by services, their usage as bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing.admin import columns, formatting
from billing.admin.bars import share_bar
from billing.admin.columns import column
from billing.admin.pages import ServiceAdmin, ServiceForm
from billing.admin.panels import Panel, account_panel
from billing.http.postal import is_email
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.metering.quotas import services
from billing.metering.quotas.models import QuotaPeriod, QuotaWindow
from billing.metering.quotas.services import LIMIT_RECIPIENTS
from billing.metering.quotas.state import QuotaState, states_of
from billing.models import Account, UsageQuota

PERIODS: Final = {
    QuotaPeriod.HOUR.value: _("an hour"),
    QuotaPeriod.DAY.value: _("a day"),
    QuotaPeriod.MONTH.value: _("a month"),
    QuotaPeriod.BILLING_PERIOD.value: _("a billing period"),
    QuotaPeriod.NONE.value: _("for ever"),
}
LEAST: Final = Decimal("0.000000000001")
FIELDS: Final = (
    *("limit", "period", "resource_name", "warning_percent", "is_hard", "recipients", "is_active"),
)


class QuotaForm(ServiceForm):
    """A quota. Whose it is and of which meter stays."""

    wire_names: ClassVar[dict[str, str]] = {"quotaLimit": "limit", "resourceType": "meter"}

    limit = forms.DecimalField(
        label=_("Limit"),
        min_value=LEAST,
        max_digits=27,
        decimal_places=12,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    warning_percent = forms.IntegerField(
        label=_("Warning at, in percent"),
        min_value=1,
        max_value=100,
        initial=80,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    period = forms.ChoiceField(
        label=_("Period"), choices=list(PERIODS.items()), widget=UnfoldAdminSelectWidget
    )
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("E-mail addresses, with commas between them."),
    )

    class Meta:
        model = UsageQuota
        fields = ("account", "meter", *FIELDS)
        labels: ClassVar = {
            "account": _("Tenant's id"),
            "meter": _("Meter"),
            "resource_name": _("Label"),
            "is_hard": _("Hard: refuse what is over it"),
            "is_active": _("Active"),
        }
        widgets: ClassVar = {"account": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.limit is not None and "limit" in self.fields:
            self.initial["limit"] = Decimal(format_decimal(self.instance.limit))
        if self.instance.pk and self.instance.recipients:
            self.initial["recipients"] = ", ".join(self.instance.recipients)
        elif "recipients" in self.fields:
            self.initial["recipients"] = ""

    def clean_recipients(self) -> list[str]:
        given = [one.strip() for one in self.cleaned_data["recipients"].split(",")]
        found = list(dict.fromkeys(one for one in given if one))
        if any(not is_email(one) for one in found) or len(found) > LIMIT_RECIPIENTS:
            raise forms.ValidationError(_("Give at most 20 e-mail addresses."))
        return found


def _newest(field: str) -> Subquery:
    windows = QuotaWindow.objects.filter(quota_id=OuterRef("pk"), is_counted=True)
    return Subquery(windows.order_by("-start_at").values(field)[:1])


def _list_bar(quota: Any) -> Any:
    """Draw the newest window of a list's row, which its query has read along."""
    holds = quota.window_end is not None and quota.window_end > clock.now_for(quota.account)
    used = quota.window_used if holds else 0
    return _bar(quota, used)


def _bar(quota: UsageQuota, used: Any) -> Any:
    percent = max(0, int(used * 100 // quota.limit))
    is_over = used > quota.limit or (quota.is_hard and used == quota.limit)
    tone = "bad" if is_over else "warn" if percent >= quota.warning_percent else "good"
    return share_bar(percent, tone)


def _limit(quota: UsageQuota) -> Any:
    return format_html("{} {}", formatting.number(quota.limit), PERIODS[quota.period])


def _kind(quota: UsageQuota) -> Any:
    return formatting.label(_("Hard"), "quiet") if quota.is_hard else _("Soft")


@admin.register(UsageQuota)
class UsageQuotaAdmin(ServiceAdmin):
    """Quotas of all tenants. The bar is of the window that was last used, if it holds yet."""

    form = QuotaForm
    list_display = (
        column("meter", _("Meter"), lambda q: formatting.code(q.meter.metric_type)),
        columns.tenant(_("Tenant")),
        column("share", _("Share"), _list_bar),
        column("limit", _("Limit"), _limit, ordering="limit"),
        column("kind", _("Kind"), _kind, ordering="is_hard"),
        columns.flag("is_active", _("Active")),
    )
    list_filter = ("is_active", "is_hard", "period")
    search_fields = ("account__tenant__name", "=account__id", "meter__metric_type")
    ordering = ("-created_at", "-id")
    fields = (
        ("account", "meter"),
        ("limit", "period"),
        "resource_name",
        ("warning_percent", "is_hard"),
        "recipients",
        "is_active",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageQuota]:
        found: QuerySet[UsageQuota] = super().get_queryset(request)
        rows = found.select_related("meter", "account__tenant", "account__test_clock")
        return rows.annotate(window_used=_newest("used"), window_end=_newest("end_at"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account", "meter") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("billing.delete_usagequota"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take the tenant's id as text: a list of all accounts would be too long."""
        if db_field.name == "account":
            return db_field.formfield(**{**kwargs, "widget": UnfoldAdminTextInputWidget})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        given = {name: form.cleaned_data[name] for name in FIELDS}
        account = form.cleaned_data["account"] if is_new else form.instance.account
        now = clock.now_for(account)
        if not is_new:
            services.change_quota(
                account_id=account.pk, quota_id=form.instance.pk, changes=given, now=now
            )
            return
        given.pop("is_active")
        draft = services.QuotaDraft(meter=form.cleaned_data["meter"], **given)
        made = services.create_quota(account_id=account.pk, draft=draft, by_admin=True, now=now)
        form.instance.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: UsageQuota) -> None:
        services.delete_quota(
            account_id=obj.account_id, quota_id=obj.pk, now=clock.now_for(obj.account)
        )

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for quota in queryset:
            self.delete_model(request, quota)


@account_panel
def usage_quotas_panel(account: Account) -> Panel:
    """How the tenant's active quotas stand now."""
    rows = UsageQuota.objects.filter(account_id=account.pk, is_active=True)
    quotas = list(rows.select_related("meter", "account").order_by("meter__metric_type"))
    states = states_of(quotas, now=clock.now_for(account))
    return Panel(
        title=_("Quotas of usage"),
        headers=[_("Meter"), _("Used"), _("Reserved"), _("Limit"), _("Share"), _("Resets")],
        rows=[_row(state) for state in states],
        right=frozenset({1, 2, 3}),
        is_wide=True,
        empty=_("Nothing limits what the tenant uses of its meters."),
        more_url=f"{reverse('admin:billing_usagequota_add')}?account={account.pk}",
        more_text=_("New quota"),
    )


def _row(state: QuotaState) -> list[Any]:
    quota = state.quota
    name = quota.resource_name or quota.meter.metric_type
    ends = quota.period != QuotaPeriod.NONE
    return [
        formatting.link("billing_usagequota_change", name, quota.pk),
        formatting.number(state.used),
        formatting.number(state.reserved),
        _limit(quota),
        _bar(quota, state.used),
        formatting.moment(state.span.end) if ends else _("Never"),
    ]
