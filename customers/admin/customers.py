"""Customers: standing, what each app knows of the default tenant, the team."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import PlanFilter, StatusFilter
from billing.admin.panels import ACCOUNT_PANELS
from billing.admin.stripe_links import stripe_link
from customers.admin.deletion import DeletionAction, state_of
from customers.admin.panels import team_panel
from customers.admin.team import MembershipInline, TeamActions
from customers.models import Customer


class StandingFilter(StatusFilter):
    """By the status of the default tenant's subscription."""

    title = _("subscription")
    field: ClassVar[str] = "subscription_status"


class TierFilter(PlanFilter):
    """By the tier of the default tenant."""

    title = _("tier")
    parameter_name = "tier"
    field: ClassVar[str] = "tier"


def tier_of(customer: Customer) -> object:
    if customer.tier is None:
        return formatting.NONE
    return formatting.link("billing_plan_change", customer.tier.name, customer.tier_id)


def tier_name(customer: Customer) -> object:
    return formatting.NONE if customer.tier is None else customer.tier.name


def standing_of(customer: Customer) -> object:
    if not customer.subscription_status:
        return formatting.NONE
    return formatting.status_label(customer.subscription_status)


@admin.register(Customer)
class CustomerAdmin(TeamActions, DeletionAction):
    """Paying parties with their teams. A page has what each app knows of the default tenant."""

    inlines = (MembershipInline,)
    change_form_outer_after_template = "admin/customers/panels.html"
    list_display = (
        column("name", _("Name"), lambda c: c.name, ordering="name"),
        column("email", _("E-mail"), lambda c: c.email, ordering="email"),
        column("tier", _("Tier"), tier_name, ordering="tier__name"),
        column("standing", _("Subscription"), standing_of, ordering="subscription_status"),
        column("members", _("Team"), lambda c: formatting.number(c.members), ordering="members"),
        columns.moment("created_at", _("Made")),
    )
    list_filter = (StandingFilter, TierFilter)
    actions_detail = ("add_member", "delete_customer")
    search_fields = ("name", "email", "=account__id")
    search_help_text = _("Name, e-mail or id")
    ordering = ("-created_at", "-account_id")
    layout = (
        (
            None,
            {
                "fields": (
                    ("name", "email"),
                    ("tier", "standing"),
                    ("tenant", "created_at_time"),
                    ("id_text", "stripe"),
                    "deletion",
                )
            },
        ),
    )
    detail = (
        column("name", _("Name"), lambda c: c.name),
        column("email", _("E-mail"), lambda c: c.email or formatting.NONE),
        column("tier", _("Tier"), tier_of),
        column("standing", _("Subscription"), standing_of),
        columns.tenant(_("Default tenant")),
        columns.moment("created_at", _("Made")),
        column("id_text", _("Id"), lambda c: formatting.code(c.pk)),
        column(
            "stripe",
            _("Stripe"),
            lambda c: stripe_link("customers", c.account.stripe_customer_id),
        ),
        column("deletion", _("Deletion"), state_of),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        rows = Customer.objects.select_related("account__tenant", "tier")
        return rows.annotate(members=Count("memberships"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        found = self.get_object(request, object_id)
        # The team stands below, and whole.
        makers = [make for make in ACCOUNT_PANELS if make is not team_panel]
        panels = [make(found.account) for make in makers] if found else []
        context = {**(extra_context or {}), "panels": panels}
        return super().change_view(request, object_id, form_url, context)
