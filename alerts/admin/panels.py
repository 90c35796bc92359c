"""What a tenant's page shows of its alerts."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alerts import queries
from alerts.admin.alerts import TYPES, current, threshold
from alerts.models import ThresholdType
from billing.admin import formatting
from billing.admin.panels import Panel, account_panel
from billing.models import Account


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
