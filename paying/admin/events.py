"""The inbox of Stripe's events, what we know of its objects, and how the comparisons went."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import LabelledFilter
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from paying.admin.links import at_stripe
from paying.inbox import working
from paying.models import Reconciliation, StripeEvent, StripeThing
from paying.records import EventStatus


class EventStatusFilter(LabelledFilter):
    """An event's status."""

    statuses: ClassVar[list[str]] = list(EventStatus.values)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """Every event that Stripe sent, or that comparing found, and what came of it."""

    list_display = (
        column("type", _("Type"), lambda e: e.type, ordering="type"),
        column("object", _("Object"), lambda e: e.object_id or formatting.NONE),
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        column("outcome", _("Outcome"), lambda e: e.outcome or formatting.NONE),
        column("attempts", _("Attempts"), lambda e: e.attempts),
        columns.moment("received_at", _("Received")),
    )
    list_filter = (EventStatusFilter, "source", "object_type")
    search_fields = ("=id", "=object_id", "=customer_id", "type", "account__tenant__name")
    search_help_text = _("Id of the event or of what it is about, type, or tenant")
    list_select_related = ("account__tenant",)
    ordering = ("-received_at", "-id")
    actions_detail = ("retry",)
    detail = (
        column("id_link", _("Event"), lambda e: at_stripe(e.id)),
        column("type", _("Type"), lambda e: e.type),
        column("object_link", _("Object"), lambda e: at_stripe(e.object_id)),
        column("customer_link", _("Customer"), lambda e: at_stripe(e.customer_id)),
        columns.tenant(_("Tenant")),
        columns.status(_("Status")),
        column("source", _("Came by"), lambda e: e.get_source_display()),
        column("outcome", _("Outcome"), lambda e: e.outcome or formatting.NONE),
        column("attempts", _("Attempts"), lambda e: e.attempts),
        columns.moment("due_at", _("Next attempt")),
        columns.moment("happened_at", _("Happened")),
        columns.moment("received_at", _("Received")),
        columns.moment("done_at", _("Done")),
        column("version", _("API version"), lambda e: e.api_version or formatting.NONE),
        column(
            "failure",
            _("Failure"),
            lambda e: (
                format_html('<pre class="bo-json">{}</pre>', e.failure)
                if e.failure
                else formatting.NONE
            ),
        ),
    )

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("paying.change_stripeevent"))

    @action(
        description=_("Read again"),
        icon="refresh",
        permissions=["retry"],
        variant=ActionVariant.PRIMARY,
    )
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Read an event again, after a question."""
        event = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            if working.retry_event(event_id=event.pk, now=clock.now()):
                return gettext("The event is read again within a minute.")
            return gettext("Nothing here reads events of this kind.")

        words = {
            "title": gettext("Read this event again?"),
            "question": gettext(
                "What %(object)s is at Stripe now is fetched and taken over. Nothing is done twice."
            )
            % {"object": event.object_id or event.id},
            "button": gettext("Read again"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)


class DriftFilter(admin.SimpleListFilter):
    """Whether ours differs from it."""

    title = _("Differs")
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.exclude(drift="")
        return queryset.filter(drift="") if self.value() == "no" else queryset


@admin.register(StripeThing)
class StripeThingAdmin(ReadOnlyAdmin):
    """What Stripe had of its objects when we last looked."""

    list_display = (
        column("id_link", _("Id"), lambda t: t.id),
        column("kind", _("Kind"), lambda t: t.kind, ordering="kind"),
        columns.tenant(_("Tenant")),
        column("said", _("At Stripe"), lambda t: t.status or formatting.NONE, ordering="status"),
        column("drift", _("Differs"), lambda t: t.drift or formatting.NONE, ordering="drift"),
        columns.moment("seen_at", _("Seen")),
    )
    list_filter = (DriftFilter, "kind", "status")
    search_fields = ("=id", "account__tenant__name")
    search_help_text = _("Stripe's id, or tenant")
    list_select_related = ("account__tenant",)
    ordering = ("-seen_at", "-id")
    detail = (
        column("id_link", _("Id"), lambda t: at_stripe(t.id)),
        column("kind", _("Kind"), lambda t: t.kind),
        columns.tenant(_("Tenant")),
        column("said", _("At Stripe"), lambda t: t.status or formatting.NONE),
        column("drift", _("Differs"), lambda t: t.drift or formatting.NONE),
        columns.moment("seen_at", _("Seen")),
    )


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """How each comparison with Stripe went."""

    list_display = (
        columns.moment("at", _("Compared")),
        columns.moment("since", _("From")),
        columns.moment("until", _("To")),
        column("events", _("Missing events"), lambda r: r.missed, ordering="missed"),
        column("objects", _("Objects read"), lambda r: r.objects_read),
        column("drifting", _("Differ"), lambda r: r.drifting, ordering="drifting"),
        column("failure", _("Failure"), lambda r: r.failure or formatting.NONE),
    )
    ordering = ("-at",)
    detail = (
        columns.moment("at", _("Compared")),
        columns.moment("since", _("From")),
        columns.moment("until", _("To")),
        columns.flag("is_whole", _("Whole")),
        column("events", _("Missing events"), lambda r: r.missed),
        column("objects", _("Objects read"), lambda r: r.objects_read),
        column("drifting", _("Differ"), lambda r: r.drifting),
        column("failure", _("Failure"), lambda r: r.failure or formatting.NONE),
    )
