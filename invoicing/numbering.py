"""Numbers of invoices and credit notes: without a gap, per issuer and year, concurrently too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import F

from billing.models import Account
from invoicing.records import InvoiceSeries
from invoicing.taxes.positions import issue_day

PREFIX: Final = "INV"
TEST_PREFIX: Final = "TEST"
CREDIT_NOTE_PREFIX: Final = "CN"


def next_number(account: Account, *, at: datetime) -> str:
    """Give the next invoice number of the year of the issue date, such as INV-2026-000001."""
    return next_numbers([account], at=at)[0]


def next_numbers(accounts: Sequence[Account], *, at: datetime) -> list[str]:
    """Give the next invoice number to each account, in their order: one block of each series."""
    prefixes = [TEST_PREFIX if account.test_clock_id else PREFIX for account in accounts]
    blocks = {
        prefix: iter(_block(prefix, prefixes.count(prefix), at=at))
        for prefix in sorted(set(prefixes))
    }
    return [next(blocks[prefix]) for prefix in prefixes]


def next_credit_note_number(account: Account, *, at: datetime) -> str:
    """Give the next credit note number of that year, such as CN-2026-000001 or TEST-CN-2026-…"""
    prefix = CREDIT_NOTE_PREFIX
    return _block(f"{TEST_PREFIX}-{prefix}" if account.test_clock_id else prefix, 1, at=at)[0]


def _block(prefix: str, count: int, *, at: datetime) -> list[str]:
    """Give the next numbers of a series, so many.

    The series' row is locked until the transaction ends, so numbers are taken in the order of
    commits and a rollback gives its number back: call it last. Accounts on a test clock have
    a series of their own.
    """
    year = issue_day(at).year
    InvoiceSeries.objects.bulk_create(
        [InvoiceSeries(prefix=prefix, year=year)], ignore_conflicts=True
    )
    series = InvoiceSeries.objects.select_for_update().get(prefix=prefix, year=year)
    InvoiceSeries.objects.filter(pk=series.pk).update(last=F("last") + count)
    return [f"{prefix}-{year}-{series.last + place:06d}" for place in range(1, count + 1)]
