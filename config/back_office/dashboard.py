"""The first page: who is here, what was billed, what is owed, what is being used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.panels import Panel
from billing.kernel import clock
from billing.metering.browse import events_by_hour
from billing.models import Subscription
from billing.subscriptions.models import SubscriptionStatus
from invoicing.models import OPEN, Invoice, InvoiceStatus
from tenants.models import Tenant

SHOWN: Final = 8
DAY: Final = timedelta(hours=24)


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the staff may see to the first page's context. A constant number of queries."""
    user = request.user
    now = clock.now()
    cards: list[dict[str, Any]] = []
    panels: list[Panel] = []
    if user.has_perm("tenants.view_tenant"):
        cards.append(_tenants())
    if user.has_perm("billing.view_subscription"):
        cards.append(_subscriptions())
    if user.has_perm("invoicing.view_invoice"):
        cards += _owed(now=now)
        panels += [_invoices(now=now), _next_due()]
    usage = None
    if user.has_perm("billing.view_usageevent"):
        usage = _usage(now=now)
    return {**context, "title": _("Overview"), "cards": cards, "panels": panels, "usage": usage}


def _tenants() -> dict[str, Any]:
    return {
        "title": _("Tenants"),
        "icon": "apartment",
        "value": formatting.number(Tenant.objects.count()),
        "url": reverse("admin:tenants_tenant_changelist"),
        "labels": [],
    }


def _subscriptions() -> dict[str, Any]:
    rows = Subscription.objects.live().values("status").annotate(found=Count("*"))
    counted = {row["status"]: row["found"] for row in rows}
    url = reverse("admin:billing_subscription_changelist")
    return {
        "title": _("Live subscriptions"),
        "icon": "autorenew",
        "value": formatting.number(sum(counted.values())),
        "url": url,
        "labels": [
            (formatting.status_label(status), formatting.number(counted[status]))
            for status in SubscriptionStatus.values
            if status in counted
        ],
    }


def _owed(*, now: datetime) -> list[dict[str, Any]]:
    """What is open and what of it should have been paid, a sum for each currency."""
    settled = F("credits_applied_minor") + F("amount_paid_minor") + F("credited_due_minor")
    due = F("total_minor") - settled
    rows: list[Any] = list(
        Invoice.objects.filter(status__in=OPEN)
        .values("currency", is_late=Q(due_date__lt=now.date()))
        .annotate(found=Count("*"), due=Sum(due))
    )
    url = reverse("admin:invoicing_invoice_changelist")
    late = [row for row in rows if row["is_late"]]
    return [
        _sum_card(_("To be paid"), "payments", rows, f"{url}?open=all"),
        _sum_card(_("Past their due date"), "warning", late, f"{url}?open=late"),
    ]


def _sum_card(title: str, icon: str, rows: list[Any], url: str) -> dict[str, Any]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + int(row["due"])
    amounts = [formatting.money(sums[currency], currency) for currency in sorted(sums)]
    count = sum(row["found"] for row in rows)
    return {
        "title": title,
        "icon": icon,
        "value": amounts[0] if amounts else "0",
        "more": amounts[1:],
        "url": url,
        "labels": [(_("Invoices"), formatting.number(count))],
    }


def _invoices(*, now: datetime) -> Panel:
    rows = (
        Invoice.objects.filter(created_at__gte=now - timedelta(days=30))
        .values("status", "currency")
        .annotate(found=Count("*"), total=Sum("total_minor"))
    )
    places = {status: place for place, status in enumerate(InvoiceStatus.values)}
    ordered = sorted(rows, key=lambda row: (places[row["status"]], row["currency"]))
    return Panel(
        title=_("Invoices of the last 30 days"),
        headers=[_("Status"), _("Invoices"), _("Total")],
        rows=[
            [
                formatting.status_label(row["status"]),
                formatting.number(row["found"]),
                formatting.money(int(row["total"]), row["currency"]),
            ]
            for row in ordered
        ],
        right=frozenset({1, 2}),
        empty=_("None yet."),
        more_url=reverse("admin:invoicing_invoice_changelist"),
        more_text=_("All invoices"),
    )


def _next_due() -> Panel:
    found = (
        Invoice.objects.filter(status__in=OPEN)
        .select_related("account__tenant")
        .order_by("due_date", "number")[:SHOWN]
    )
    return Panel(
        title=_("Due next"),
        headers=[_("Number"), _("Tenant"), _("Status"), _("Due"), _("Due date")],
        rows=[
            [
                formatting.link("invoicing_invoice_change", invoice.number, invoice.pk),
                formatting.account_link(invoice.account),
                formatting.status_label(invoice.status),
                formatting.money(invoice.amount_due_minor, invoice.currency),
                formatting.day(invoice.due_date),
            ]
            for invoice in found
        ],
        right=frozenset({3}),
        empty=_("Nothing is owed."),
    )


def _usage(*, now: datetime) -> dict[str, Any]:
    """The last 24 whole hours and the one that runs, as bars of up to 100 percent."""
    until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = events_by_hour(since=until - DAY, until=until)
    most = max((events for _hour, events in hours), default=0)
    return {
        "total": formatting.number(sum(events for _hour, events in hours)),
        "bars": [
            {
                "hour": f"{hour:%H:%M} UTC",
                "events": formatting.number(events),
                "percent": events * 100 // most if most else 0,
            }
            for hour, events in hours
        ],
        "first": f"{hours[0][0]:%Y-%m-%d %H:%M} UTC",
        "last": f"{hours[-1][0]:%Y-%m-%d %H:%M} UTC",
        "url": reverse("back-office-usage"),
    }
