"""The list of checks, and the one loop that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from billing.models import Account
from invoicing.models import Invoice
from invoicing.verification import anew, collection, ledgers, sums, timelines, usage
from invoicing.verification.problems import Problem

OfInvoices = Callable[[QuerySet[Invoice]], Iterator[Problem]]
OfAccount = Callable[[Account], Iterator[Problem]]

INVOICES: Final[tuple[OfInvoices, ...]] = (
    sums.invoice_totals,
    sums.invoice_recalculated,
    sums.credit_of_invoices,
    anew.fees_anew,
    anew.taxes_anew,
    collection.payments_of_invoices,
    collection.credited_lines,
)
ACCOUNTS: Final[tuple[OfAccount, ...]] = (
    usage.usage_as_invoiced,
    usage.counters_as_events,
    ledgers.grants_as_entries,
    timelines.periods_without_a_gap,
    timelines.periods_have_prices,
    timelines.periods_have_invoices_to_come,
)
CHECKS: Final = (
    *(check.__name__ for check in (*INVOICES, *ACCOUNTS)),
    ledgers.numbers_without_a_gap.__name__,
)


def above() -> tuple[OfAccount, ...]:
    """Return the checks of the apps above this one: the setting BILLING_CHECKS names them."""
    return tuple(import_string(name) for name in settings.BILLING_CHECKS)


def names() -> tuple[str, ...]:
    """Return the names of all checks that `verify` runs."""
    return (*CHECKS, *(check.__name__ for check in above()))


def verify(account_id: UUID | None = None) -> Iterator[Problem]:
    """Yield what is broken: of one account, or of all and of the numbers. Reads only.

    Right only while nobody writes for the account: counters are compared with their events.
    """
    accounts = (
        Account.objects.all() if account_id is None else Account.objects.filter(pk=account_id)
    )
    for account in accounts.order_by("pk").iterator(chunk_size=500):
        for of_invoices in INVOICES:
            yield from of_invoices(Invoice.objects.filter(account=account))
        for of_account in (*ACCOUNTS, *above()):
            yield from of_account(account)
    if account_id is None:
        yield from ledgers.numbers_without_a_gap()
