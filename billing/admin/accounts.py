"""Keys, test clocks, and who changed what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from billing.accounts.keys import revoke_api_key
from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from billing.models import ApiKey, AuditEntry, TestClock


def key_state(key: ApiKey) -> SafeString:
    """Say whether a key works now: keys live in real time."""
    if key.revoked_at is not None:
        return formatting.label(_("Revoked"), "struck")
    if key.expires_at is not None and key.expires_at <= clock.now():
        return formatting.label(_("Expired"), "quiet")
    return formatting.label(_("Works"), "good")


def key_owner(key: ApiKey) -> SafeString:
    return formatting.account_link(key.account) if key.account else formatting.code(key.user_id)


def words_of(values: list[str]) -> str:
    return ", ".join(values) or formatting.NONE


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys. Their secrets are not kept, and the hashes of them are not shown."""

    list_display = (
        column("name", _("Name"), str, ordering="name"),
        column("key_text", _("Key"), lambda k: formatting.code(k.key), ordering="key"),
        column("owner", _("Of"), key_owner),
        column("scopes", _("Scopes"), lambda k: words_of(k.scopes)),
        column("state", _("State"), key_state),
        columns.moment("created_at", _("Made")),
        columns.moment("expires_at", _("Expires")),
    )
    search_fields = ("name", "key", "account__tenant__name")
    list_select_related = ("account__tenant",)
    ordering = ("-created_at",)
    actions_detail = ("revoke",)
    detail = (
        column("name", _("Name"), lambda k: k.name or formatting.NONE),
        column("key_text", _("Key"), lambda k: formatting.code(k.key)),
        column("owner", _("Of"), key_owner),
        column("roles", _("Roles"), lambda k: words_of(k.roles)),
        column("scopes", _("Scopes"), lambda k: words_of(k.scopes)),
        column("state", _("State"), key_state),
        columns.moment("created_at", _("Made")),
        columns.moment("expires_at", _("Expires")),
        columns.moment("revoked_at", _("Revoked")),
    )

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("billing.change_apikey"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.revoked_at is None

    @action(
        description=_("Revoke"),
        icon="key_off",
        permissions=["revoke"],
        variant=ActionVariant.DANGER,
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke the key for ever, after a question."""
        key = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            revoke_api_key(key_id=key.pk, now=clock.now())
            return gettext("The key %(key)s is revoked.") % {"key": key}

        words = {
            "title": gettext("Revoke the key %(key)s?") % {"key": key},
            "question": gettext("Whoever uses it is refused from now on, for ever."),
            "button": gettext("Revoke"),
            "tone": "bad",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)


@admin.register(TestClock)
class TestClockAdmin(ReadOnlyAdmin):
    """Frozen times. The API makes and advances them."""

    list_display = (
        column("name", _("Name"), str, ordering="name"),
        columns.status(_("Status")),
        columns.moment("frozen_time", _("Frozen at")),
        columns.moment("reached_at", _("Reached")),
        columns.moment("created_at", _("Made")),
    )
    search_fields = ("name", "=id")
    ordering = ("-created_at",)
    detail = (
        column("name", _("Name"), lambda c: c.name or formatting.NONE),
        columns.status(_("Status")),
        columns.moment("frozen_time", _("Frozen at")),
        columns.moment("reached_at", _("Reached")),
        column("failure", _("Failure"), lambda c: c.failure or formatting.NONE),
        columns.moment("created_at", _("Made")),
        column("id_text", _("Id"), lambda c: formatting.code(c.pk)),
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """One row a change, written with it. Nobody edits these."""

    list_display = (
        columns.moment("at", _("When"), is_sortable=False),
        column("actor", _("Who"), lambda e: e.actor),
        column("action", _("What"), lambda e: formatting.code(e.action)),
        column("subject", _("Of"), lambda e: e.subject),
        columns.tenant(_("Tenant")),
    )
    list_filter = (("action", FieldTextFilter), ("actor", FieldTextFilter), ("at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("actor", "subject", "action", "account__tenant__name")
    search_help_text = _("Actor, action, subject or tenant")
    list_select_related = ("account__tenant",)
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    detail = (
        columns.moment("at", _("When")),
        column("actor", _("Who"), lambda e: e.actor),
        column("action", _("What"), lambda e: formatting.code(e.action)),
        column("subject", _("Of"), lambda e: e.subject or formatting.NONE),
        columns.tenant(_("Tenant")),
        columns.document("before", _("Before")),
        columns.document("after", _("After")),
        column("request", _("Request"), lambda e: formatting.code(e.request_id or "–")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.all()
