"""Customers and their teams, to read: people come with their tokens, and the API places them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, ReadOnlyInline
from billing.admin.panels import Panel, account_panel
from billing.models import Account
from customers.models import Customer, CustomerDeletion, Membership, Role

ROLES = {Role.OWNER: _("Owner"), Role.ADMIN: _("Admin"), Role.USER: _("User")}
SHOWN = 10


def role_of(membership: Membership) -> object:
    return ROLES[Role(membership.role)]


class MembershipInline(ReadOnlyInline):
    """The team."""

    model = Membership
    verbose_name_plural = _("Team")
    tab = False
    hide_title = True
    ordering = ("role", "created_at")
    fields = readonly_fields = (
        column("user", _("User"), lambda m: formatting.code(m.user_id)),
        column("role", _("Role"), role_of),
        columns.moment("created_at", _("Since")),
    )


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Paying parties with their teams."""

    inlines = (MembershipInline,)
    list_display = (
        column("name", _("Name"), lambda c: c.name, ordering="name"),
        column("email", _("E-mail"), lambda c: c.email, ordering="email"),
        column("members", _("Team"), lambda c: c.members, ordering="members"),
        columns.moment("created_at", _("Made")),
    )
    search_fields = ("name", "email", "=account__id")
    ordering = ("-created_at",)
    detail = (
        column("name", _("Name"), lambda c: c.name),
        column("email", _("E-mail"), lambda c: c.email),
        columns.tenant(_("Default tenant")),
        column("id_text", _("Id"), lambda c: formatting.code(c.pk)),
        columns.moment("created_at", _("Made")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        rows = Customer.objects.select_related("account__tenant")
        return rows.annotate(members=Count("memberships"))


@admin.register(CustomerDeletion)
class CustomerDeletionAdmin(ReadOnlyAdmin):
    """Customers on their way out, and why one rests: the endpoint of staff lets it go on."""

    list_display = (
        column("id_text", _("Id"), lambda d: formatting.code(d.pk)),
        columns.status(_("Status")),
        column("failure", _("Failure"), lambda d: d.failure or formatting.NONE),
        columns.moment("due_at", _("Next try")),
        columns.moment("requested_at", _("Asked for")),
        columns.moment("done_at", _("Done")),
    )
    list_filter = ("status",)
    search_fields = ("=account__id",)
    ordering = ("-requested_at",)
    detail = (
        column("id_text", _("Id"), lambda d: formatting.code(d.pk)),
        columns.status(_("Status")),
        column("failure", _("Failure"), lambda d: d.failure or formatting.NONE),
        column("attempts", _("Attempts"), lambda d: d.attempts),
        columns.moment("due_at", _("Next try")),
        columns.moment("requested_at", _("Asked for")),
        columns.moment("done_at", _("Done")),
    )


@account_panel
def team_panel(account: Account) -> Panel:
    """The team of the tenant's customer."""
    members = Membership.objects.filter(customer_id=account.customer_id).order_by("role")
    rows = [[formatting.code(m.user_id), role_of(m)] for m in members[:SHOWN]]
    return Panel(
        title=_("Team"),
        headers=[_("User"), _("Role")],
        rows=rows,
        empty=_("No customer's team acts for this tenant."),
    )
