"""Webhooks in the back office: whose they are, how they fare; switched on and off."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from webhooks import services
from webhooks.models import DisabledReason, WebhookEndpoint

REASONS = {
    DisabledReason.BY_HAND: _("Disabled by hand"),
    DisabledReason.FAILURES: _("Disabled after failures"),
    DisabledReason.GONE: _("Gone (410)"),
}


def state(endpoint: WebhookEndpoint) -> Any:
    """Say how it fares in a label."""
    if not endpoint.is_enabled:
        return formatting.label(REASONS[DisabledReason(endpoint.disabled_reason)], "bad")
    if endpoint.failing_since is not None:
        return formatting.label(_("Failing"), "warn")
    return formatting.label(_("Enabled"), "good")


def types(endpoint: WebhookEndpoint) -> Any:
    return ", ".join(endpoint.event_types) or _("All")


class StateFilter(SimpleListFilter):
    """How it fares."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("well", _("Enabled")), ("failing", _("Failing")), ("off", _("Disabled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "well":
                return queryset.filter(is_enabled=True, failing_since__isnull=True)
            case "failing":
                return queryset.filter(is_enabled=True, failing_since__isnull=False)
            case "off":
                return queryset.filter(is_enabled=False)
        return queryset


def _deliveries_link(endpoint: WebhookEndpoint) -> Any:
    url = reverse("admin:webhooks_webhookdelivery_changelist")
    return formatting.anchor(f"{url}?endpoint__id__exact={endpoint.pk}", _("Show deliveries"))


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """URLs that events are posted to."""

    list_display = (
        column("url", _("URL"), lambda e: e.url, ordering="url"),
        columns.tenant(_("Tenant")),
        column("types", _("Events"), types),
        column("state", _("State"), state),
        columns.moment("failing_since", _("Failing since")),
        columns.moment("created_at", _("Created")),
    )
    list_filter = (StateFilter,)
    search_fields = ("url", "account__tenant__name", "=id")
    search_help_text = _("URL, tenant or id")
    list_select_related = ("account__tenant",)
    ordering = ("-created_at", "-id")
    actions_detail = ("enable", "disable")
    detail = (
        column("url", _("URL"), lambda e: e.url),
        columns.tenant(_("Tenant")),
        column("description", _("Description"), lambda e: e.description or formatting.NONE),
        column("types", _("Events"), types),
        column("state", _("State"), state),
        columns.moment("failing_since", _("Failing since")),
        columns.moment("rest_until", _("Rests until")),
        columns.moment("disabled_at", _("Disabled")),
        columns.moment("previous_until", _("Old secret until")),
        columns.moment("created_at", _("Created")),
        column("deliveries", _("Deliveries"), _deliveries_link),
    )

    def has_enable_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, is_enabled=False)

    def has_disable_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, is_enabled=True)

    def _may(self, request: HttpRequest, object_id: Any, *, is_enabled: bool) -> bool:
        if not request.user.has_perm("webhooks.change_webhookendpoint"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.is_enabled == is_enabled

    @action(
        description=_("Enable"),
        icon="play_arrow",
        permissions=["enable"],
        variant=ActionVariant.PRIMARY,
    )
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it be told again, after a question."""
        words = {
            "title": gettext("Enable this webhook?"),
            "question": gettext(
                "It is told of what happens from now on. What it missed can be sent again from "
                "its deliveries."
            ),
            "button": gettext("Enable"),
            "tone": "primary",
        }
        return self._switch(request, object_id, words, is_enabled=True)

    @action(
        description=_("Disable"),
        icon="block",
        permissions=["disable"],
        variant=ActionVariant.DANGER,
    )
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it be told of nothing more, after a question."""
        words = {
            "title": gettext("Disable this webhook?"),
            "question": gettext("It is told of nothing more, and what waits for it is given up."),
            "button": gettext("Disable"),
            "tone": "bad",
        }
        return self._switch(request, object_id, words, is_enabled=False)

    def _switch(
        self, request: HttpRequest, object_id: str, words: dict[str, Any], *, is_enabled: bool
    ) -> HttpResponse:
        endpoint = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            services.change_endpoint(
                endpoint_id=endpoint.pk,
                changes=services.Changes(is_enabled=is_enabled),
                now=clock.now(),
            )
            if is_enabled:
                return gettext("The webhook is enabled.")
            return gettext("The webhook is disabled.")

        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)
