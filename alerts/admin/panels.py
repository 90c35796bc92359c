"""What a tenant's page shows of its alerts."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from alerts import queries
from alerts.admin.alerts import TYPES, current, threshold
from alerts.models import BudgetFiring, BudgetMark, ThresholdType
from billing.admin import formatting
from billing.admin.panels import Panel, account_panel
from billing.models import Account

NAME: Final = '{} <span class="bo-muted">{}</span>'
MARKS: Final = {
    BudgetMark.WARNING: (_("Nearly spent"), "warn"),
    BudgetMark.EXCEEDED: (_("Overspent"), "bad"),
}


@account_panel
def alerts_panel(account: Account) -> Panel:
    """The tenant's alerts, with what they measured when they were last looked at."""
    rows = queries.shown().filter(account=account).order_by("-created_at", "-pk")[:10]
    return Panel(
        title=_("Alerts"),
        headers=[_("Alert"), _("Threshold"), _("Last measured"), _("Status")],
        rows=[
            [
                formatting.link(
                    "alerts_alert_change", TYPES[ThresholdType(row.threshold_type)], row.pk
                ),
                threshold(row),
                current(row),
                formatting.status_label(row.present_status),  # type: ignore[attr-defined]
            ]
            for row in rows
        ],
        right=frozenset({1, 2}),
        empty=_("No alerts."),
        more_url=f"{reverse('admin:alerts_alert_changelist')}?q={account.pk}",
        more_text=_("All alerts"),
    )


@account_panel
def budgets_panel(account: Account) -> Panel:
    """What was told of the budgets of the tenant's cost centers, the newest first."""
    rows = BudgetFiring.objects.filter(account=account).select_related("cost_center")
    currency = account.currency
    return Panel(
        title=_("Budgets that were reached"),
        headers=[_("Cost center"), _("Mark"), _("Spent"), _("Budget"), _("Told")],
        rows=[
            [
                format_html(NAME, row.cost_center.name, row.cost_center.code),
                formatting.label(*MARKS[BudgetMark(row.mark)]),
                formatting.money(row.spent_minor, currency),
                formatting.money(row.budget_minor, currency),
                formatting.moment(row.at),
            ]
            for row in rows.order_by("-at", "-pk")[:10]
        ],
        right=frozenset({2, 3}),
        empty=_("None yet."),
    )
