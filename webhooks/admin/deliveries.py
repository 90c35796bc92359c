"""Deliveries in the back office: what was sent, what came back, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import LabelledFilter
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from billing.outbox.kinds import EventKind
from webhooks import services
from webhooks.models import DeliveryStatus, WebhookDelivery
from webhooks.payloads import TEST_KIND

SECONDS: Final = "%Y-%m-%d %H:%M:%S"


class DeliveryStatusFilter(LabelledFilter):
    """A delivery's status."""

    statuses: ClassVar[list[str]] = list(DeliveryStatus.values)


class KindFilter(SimpleListFilter):
    """What happened."""

    title = _("event")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(kind, kind) for kind in (*EventKind.values, TEST_KIND)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def outcome(delivery: WebhookDelivery) -> Any:
    """Say what the last attempt brought: a status, or why nothing came."""
    last = delivery.last
    if not last:
        return formatting.NONE
    return last["status"] if last["status"] is not None else last["failure"]


def attempts(delivery: WebhookDelivery) -> SafeString | str:
    """Write the log, the newest first."""
    if not delivery.log:
        return formatting.NONE
    return format_html_join(
        "",
        "<p>{} · {} · {} ms · {}</p>",
        (
            (
                formatting.moment(datetime.fromisoformat(entry["at"]), pattern=SECONDS),
                entry["status"] if entry["status"] is not None else formatting.NONE,
                entry["milliseconds"],
                entry["snippet"] or entry["failure"] or formatting.NONE,
            )
            for entry in reversed(delivery.log)
        ),
    )


def _endpoint(delivery: WebhookDelivery) -> SafeString:
    return formatting.link(
        "webhooks_webhookendpoint_change", delivery.endpoint.url, delivery.endpoint_id
    )


def _data(delivery: WebhookDelivery) -> SafeString:
    return formatting.document(None if delivery.event is None else delivery.event.data)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Events on their way to webhooks."""

    list_display = (
        column("kind", _("Event"), lambda d: formatting.code(d.kind), ordering="kind"),
        column("endpoint", _("Webhook"), lambda d: d.endpoint.url),
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        column("attempts", _("Attempts"), lambda d: d.attempts, ordering="attempts"),
        column("outcome", _("Answer"), outcome),
        columns.moment("created_at", _("Created")),
        columns.moment("due_at", _("Next attempt")),
    )
    list_filter = (DeliveryStatusFilter, KindFilter)
    search_fields = ("endpoint__url", "account__tenant__name", "=id", "=event__id")
    search_help_text = _("URL, tenant or id")
    list_select_related = ("account__tenant", "endpoint", "event")
    ordering = ("-created_at", "-id")
    actions_detail = ("replay",)
    detail = (
        column("kind", _("Event"), lambda d: formatting.code(d.kind)),
        column("number", _("Number"), lambda d: d.event.number if d.event else formatting.NONE),
        column("endpoint_link", _("Webhook"), _endpoint),
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        columns.moment("created_at", _("Created")),
        columns.moment("due_at", _("Next attempt")),
        columns.moment("give_up_at", _("Last attempt at")),
        columns.moment("delivered_at", _("Delivered")),
        column("log", _("Attempts"), attempts),
        column("data", _("Data"), _data),
    )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Let the link of a webhook's page narrow the list down to its own."""
        return lookup == "endpoint__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("webhooks.change_webhookdelivery"))

    @action(
        description=_("Send again"),
        icon="replay",
        permissions=["replay"],
        variant=ActionVariant.PRIMARY,
    )
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it again, after a question."""
        delivery = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            services.replay_delivery(delivery_id=delivery.pk, now=clock.now())
            return gettext("It is sent again within seconds.")

        words = {
            "title": gettext("Send this again?"),
            "question": gettext("%(kind)s to %(url)s, under the same id.")
            % {"kind": delivery.kind, "url": delivery.endpoint.url},
            "button": gettext("Send again"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)
