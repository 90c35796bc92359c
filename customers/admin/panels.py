"""What a tenant's page shows of its customer's team."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.panels import Panel, account_panel
from billing.models import Account
from customers.models import Membership, Role

ROLES: Final = {Role.OWNER: _("Owner"), Role.ADMIN: _("Admin"), Role.USER: _("User")}
SHOWN: Final = 10


def role_of(membership: Membership) -> object:
    return ROLES[Role(membership.role)]


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
