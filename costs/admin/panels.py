"""What a tenant's page shows of its costs: the days, the meters, the tree of its cost centers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.bars import share_bar
from billing.admin.panels import Panel, account_panel
from billing.kernel import clock
from billing.kernel.money import Money
from billing.kernel.zones import zone
from billing.metering.events import MeterTraits
from billing.metering.summary import GroupBy, summarize
from billing.models import Account, Meter
from billing.subscriptions.errors import NoActiveSubscription
from costs.admin import charts
from costs.charting import Timeline, timeline
from costs.current import Current, current_costs
from costs.intervals import Granularity
from costs.queries import CenterSpends, center_spends
from costs.shares import percent_of
from costs.snapshot import snapshot
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.tree import children_of

NEARLY: Final = 80
NO_PERIOD: Final = _("No period is open.")


@account_panel
def cost_panel(account: Account) -> Panel:
    """What each day of the open period has added, and what it comes to."""
    now = clock.now_for(account)
    try:
        with snapshot():
            current = current_costs(account, now=now)
            days = timeline(
                current.costs, start=None, end=None, granularity=Granularity.DAY, now=now
            )
    except NoActiveSubscription:
        return Panel(title=_("Cost of the open period"), empty=NO_PERIOD, is_wide=True)
    return Panel(
        title=_("Cost of the open period"),
        rows=[[format_html("{}{}", _figures(current), _chart(days, account))]],
        is_wide=True,
    )


def _figures(current: Current) -> SafeString:
    costs = current.costs
    before = "" if current.previous is None else _money(current.previous)
    shown = [
        (_("Usage"), _money(costs.usage)),
        (_("Fee"), _money(costs.fee)),
        (_("Total"), _money(costs.total)),
        (_("Period before"), before or formatting.NONE),
    ]
    cells = [format_html("<div><dt>{}</dt><dd>{}</dd></div>", *one) for one in shown]
    return format_html('<dl class="bo-facts">{}</dl>', SafeString("".join(cells)))


def _chart(days: Timeline, account: Account) -> SafeString:
    where = zone(account.timezone)
    values = [
        (point.cost.minor, f"{point.at.astimezone(where):%Y-%m-%d}: {_money(point.cost)}")
        for point in days.points
    ]
    first, last = days.points[0].at.astimezone(where), days.points[-1].at.astimezone(where)
    return charts.bars(
        values,
        label=gettext("What each day added"),
        axis=(formatting.day(first.date()), formatting.day(last.date())),
    )


def _money(amount: Money) -> str:
    return formatting.money(amount.minor, amount.currency)


@account_panel
def usage_panel(account: Account) -> Panel:
    """What was used of each meter in the open period, day by day, and what it costs."""
    now = clock.now_for(account)
    panel: dict[str, Any] = {"title": _("Usage of the open period"), "is_wide": True}
    try:
        with snapshot():
            current = current_costs(account, now=now)
            days = _days(current)
    except NoActiveSubscription:
        return Panel(**panel, empty=NO_PERIOD)
    usage = current.costs.usage
    rows = [
        [
            formatting.code(one.metric_type),
            charts.line(days.get(one.metric_type, []), label=gettext("Usage by the day")),
            formatting.number(one.quantity),
            _money(one.cost),
            formatting.number(percent_of(one.cost, usage) or Decimal(0)),
        ]
        for one in current.metrics
    ]
    headers = [_("Meter"), _("By the day"), _("Quantity"), _("Cost"), _("Percent")]
    empty = _("The plan has no charges, or is on trial.")
    return Panel(**panel, headers=headers, rows=rows, right=frozenset({2, 3, 4}), empty=empty)


def _days(current: Current) -> dict[str, list[int]]:
    """Return each meter's whole quantities, day by day of UTC."""
    period = current.costs.period
    meters = {meter.pk: MeterTraits.of(meter) for meter in Meter.objects.all()}
    lines = summarize(
        current.costs.account.id,
        period.start_at,
        period.end_at,
        meters=meters,
        group_by=GroupBy.DAY,
    )
    if not lines:
        return {}
    last = max(line.group[0] for line in lines).date()
    first = period.start_at.date()
    number = (last - first).days + 1
    found: dict[str, list[int]] = {}
    for line in lines:
        values = found.setdefault(meters[line.meter_id].metric_type, [0] * number)
        values[(line.group[0].date() - first) // timedelta(days=1)] = int(line.quantity)
    return found


@account_panel
def centers_panel(account: Account) -> Panel:
    """The tree of cost centers: what each has spent itself, with all below it, of its budget."""
    spends = center_spends(account, now=clock.now_for(account))
    rows = list(_tree(spends))
    if rows:
        rest = _money(spends.unallocated)
        rows.append([format_html("<em>{}</em>", _("Unallocated")), rest, "", "", ""])
    return Panel(
        title=_("Cost centers"),
        headers=[_("Cost center"), _("Own"), _("With those below"), _("Budget"), _("Used")],
        rows=rows,
        right=frozenset({1, 2, 3}),
        is_wide=True,
        empty=_("No cost centers yet."),
    )


def _tree(spends: CenterSpends) -> Iterator[list[Any]]:
    """Yield the rows from the top down, each center followed by those below it."""
    by_id = {center.id: center for center in spends.centers}
    children = children_of({center.id: center.parent_id for center in spends.centers})
    waiting = [(one, 0) for one in reversed(children.get(None, []))]
    while waiting:
        key, level = waiting.pop()
        yield _center(by_id[key], level, spends)
        waiting += [(one, level + 1) for one in reversed(children.get(key, []))]


def _center(center: CostCenter, level: int, spends: CenterSpends) -> list[Any]:
    own, subtree = spends.own[center.id], spends.subtree[center.id]
    budget = None if center.budget_minor is None else Money(center.budget_minor, own.currency)
    inactive = "" if center.is_active else formatting.label(_("Not active"), "quiet")
    return [
        format_html(
            '<span style="padding-left: {}rem">{} <span class="bo-muted">{}</span> {}</span>',
            level,
            center.name,
            center.code,
            inactive,
        ),
        _money(own),
        _money(subtree),
        formatting.NONE if budget is None else _money(budget),
        _used(subtree, budget),
    ]


def _used(subtree: Money, budget: Money | None) -> Any:
    percent = None if budget is None else percent_of(subtree, budget)
    if percent is None:
        return ""
    whole = int(percent)
    tone = "bad" if whole > 100 else "warn" if whole >= NEARLY else "good"
    return share_bar(whole, tone)
