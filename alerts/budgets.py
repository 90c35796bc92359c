"""Budgets of cost centers: what is nearly spent, and what is overspent, each told once a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from alerts.models import BudgetFiring, BudgetMark
from billing.admin.formatting import money, percent
from billing.kernel.money import Money
from billing.models import Account, SubscriptionPeriod
from billing.outbox import publish
from billing.outbox.kinds import EventKind
from costs.periods import PeriodCosts
from costs.queries import spends_of
from costs.shares import percent_of
from invoicing import mailing
from tenants.cost_centers.models import CostCenter
from tenants.models import Tenant

KINDS: Final = {
    BudgetMark.WARNING: EventKind.COST_CENTER_BUDGET_WARNING,
    BudgetMark.EXCEEDED: EventKind.COST_CENTER_BUDGET_EXCEEDED,
}
AT_ONCE: Final = 50
"""So many are told in one transaction; the account is looked at again for the others."""


@dataclass(frozen=True, slots=True)
class Spend:
    """What a center has spent in the open period with all below it, and what it may."""

    center: CostCenter
    spent: Money
    budget: Money

    @property
    def percent(self) -> str | None:
        """Return how much of the budget is spent, to two decimals; None of a budget of nothing."""
        found = percent_of(self.spent, self.budget)
        return None if found is None else f"{found:f}"


def marks_of(spent: int, budget: int, warning_percent: int) -> list[BudgetMark]:
    """Say which marks so much spent of a budget has reached, in minor units.

    >>> [mark.value for mark in marks_of(80, 100, 80)]
    ['WARNING']
    >>> [mark.value for mark in marks_of(101, 100, 80)]
    ['WARNING', 'EXCEEDED']
    """
    marks = []
    if spent > 0 and spent * 100 >= budget * warning_percent:
        marks.append(BudgetMark.WARNING)
    if spent > budget:
        marks.append(BudgetMark.EXCEEDED)
    return marks


def with_budgets(account_id: UUID) -> list[CostCenter]:
    """Return the account's active cost centers that have a budget."""
    rows = CostCenter.objects.filter(
        account_id=account_id, budget_minor__isnull=False, is_active=True
    )
    return list(rows.order_by("code", "id"))


def spends(costs: PeriodCosts, *, now: datetime) -> list[Spend]:
    """Return what each center with a budget has spent. Nothing is computed where there is none."""
    if not (centers := with_budgets(costs.account.id)):
        return []
    subtree = spends_of(costs, now=now).subtree
    return [
        Spend(center, subtree[center.pk], Money(center.budget_minor or 0, costs.currency))
        for center in centers
        if center.pk in subtree
    ]


def tell(
    account_id: UUID, period: SubscriptionPeriod, found: list[Spend], *, now: datetime
) -> tuple[bool, bool]:
    """Tell of marks that are reached and were not told in the period, a bounded number.

    In the caller's transaction, which holds the account's watch. Returns whether some are left
    to tell at once, and whether more may be reached in the period. `now` is the account's time.
    """
    if not found:
        return False, False
    account = Account.objects.select_related("test_clock", "tenant").get(pk=account_id)
    rows = BudgetFiring.objects.filter(account_id=account_id, period_id=period.pk)
    told = set(rows.values_list("cost_center_id", "mark"))
    due = [one for one in _reached(found) if (one[0].center.pk, one[1].value) not in told]
    for spend, mark in due[:AT_ONCE]:
        _fire(account, period, spend, mark, now=now)
        told.add((spend.center.pk, mark.value))
    is_open = any((one.center.pk, BudgetMark.EXCEEDED.value) not in told for one in found)
    return len(due) > AT_ONCE, is_open


def _reached(found: list[Spend]) -> Iterator[tuple[Spend, BudgetMark]]:
    percent = settings.BILLING["BILLING_BUDGET_WARNING_PERCENT"]
    for spend in found:
        for mark in marks_of(spend.spent.minor, spend.budget.minor, percent):
            yield spend, mark


def _fire(
    account: Account,
    period: SubscriptionPeriod,
    spend: Spend,
    mark: BudgetMark,
    *,
    now: datetime,
) -> None:
    """Tell once: the unique constraint decides, whoever else saw it."""
    firing = BudgetFiring(
        account=account,
        cost_center=spend.center,
        period_id=period.pk,
        mark=mark,
        budget_minor=spend.budget.minor,
        spent_minor=spend.spent.minor,
        at=now,
    )
    try:
        with transaction.atomic():
            firing.event_id = publish(account.pk, KINDS[mark], _data(period, spend), now=now)
            firing.save(force_insert=True)
    except IntegrityError as error:
        if "budget_told_once_a_period" not in str(error):
            raise
        return
    tenant: Tenant = account.tenant
    mailing.write_notice(
        account=account,
        recipient=tenant.billing_email,
        template="budget",
        about=f"budget:{spend.center.pk}:{period.pk}:{mark}",
        facts=_facts(tenant, spend, mark),
        now=now,
    )


def _data(period: SubscriptionPeriod, spend: Spend) -> Mapping[str, object]:
    """Return what the events say: how the center stood when the mark was reached."""
    return {
        "id": spend.center.pk,
        "tenantId": spend.center.account_id,
        "code": spend.center.code,
        "name": spend.center.name,
        "budget": spend.budget.amount,
        "subtreeSpend": spend.spent.amount,
        "subtreeUtilizationPercent": spend.percent,
        "warningThresholdPercent": settings.BILLING["BILLING_BUDGET_WARNING_PERCENT"],
        "currency": spend.budget.currency,
        "periodStart": period.start_at,
        "periodEnd": period.end_at,
    }


def _facts(tenant: Tenant, spend: Spend, mark: BudgetMark) -> Mapping[str, object]:
    """Return what the mail says, its amounts in the language of mails."""
    currency = spend.budget.currency
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        return {
            "tenant": tenant.name,
            "center": f"{spend.center.name} ({spend.center.code})",
            "is_over": mark is BudgetMark.EXCEEDED,
            "spent": money(spend.spent.minor, currency),
            "budget": money(spend.budget.minor, currency),
            "percent": percent(settings.BILLING["BILLING_BUDGET_WARNING_PERCENT"]),
        }
