"""Usage: what was invoiced is what the counters come to, and the counters are their events'."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Sum

from billing.metering.read import counters_of
from billing.metering.verify import verify as verify_counters
from billing.models import Account, SubscriptionPeriod
from billing.rating.fees import own_fees
from billing.rating.period import rate_period
from invoicing.composing.usage_lines import charged
from invoicing.models import BilledUsage, InvoiceStatus
from invoicing.verification.problems import Problem

Key = tuple[UUID, UUID | None]


def usage_as_invoiced(account: Account) -> Iterator[Problem]:
    """Rate each settled period again and compare with all that invoices charged for it."""
    periods = SubscriptionPeriod.objects.filter(account=account, settled_version__gte=0)
    for period in periods.select_related("subscription"):
        counters = counters_of([period.id])
        if sum(counter.version for counter in counters.values()) != period.settled_version:
            continue  # late usage that waits for the next invoice
        due = {
            (one.plan_version_id, one.charge_id): one.amount.minor
            for one in charged(period, rate_period(period), own_fees(period))
            if one.amount
        }
        invoiced = _invoiced(period)
        for key in due.keys() | invoiced.keys():
            if due.get(key, 0) != invoiced.get(key, 0):
                what = f"charge {key[1]}" if key[1] else "the minimum commitment"
                says = f"{what} was invoiced {invoiced.get(key, 0)}, it comes to {due.get(key, 0)}"
                yield Problem("usage as invoiced", f"period {period.id}", says)


def _invoiced(period: SubscriptionPeriod) -> dict[Key, int]:
    rows = (
        BilledUsage.objects.filter(period=period)
        .exclude(invoice__status=InvoiceStatus.VOID)
        .values_list("plan_version_id", "charge_id")
        .annotate(total=Sum("amount_minor"))
    )
    return {(version, charge): total for version, charge, total in rows if total}


def counters_as_events(account: Account) -> Iterator[Problem]:
    """Count the account's events again. Right only while nobody records for it."""
    for says in verify_counters(account.id):
        yield Problem("counters as events", f"account {account.id}", says)
