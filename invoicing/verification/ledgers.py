"""Ledgers and numbers: balances are sums, numbers run without a gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Sum

from billing.models import Account, CreditGrant
from invoicing.models import Invoice, InvoiceSeries
from invoicing.verification.problems import Problem


def grants_as_entries(account: Account) -> Iterator[Problem]:
    """Compare what is left of each grant with the sum of its entries."""
    grants = CreditGrant.objects.filter(account=account).annotate(sum=Sum("entries__amount_minor"))
    for grant in grants:
        if (grant.sum or 0) != grant.remaining_minor:
            says = f"{grant.remaining_minor} is left, its entries sum to {grant.sum or 0}"
            yield Problem("grants as entries", f"grant {grant.id}", says)


def numbers_without_a_gap() -> Iterator[Problem]:
    """Look through all numbers of each series: 1 to its last, each once."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number in Invoice.objects.exclude(number=None).values_list("number", flat=True):
        prefix, year, place = str(number).rsplit("-", 2)
        found[prefix, int(year)].append(int(place))
    for series in InvoiceSeries.objects.all():
        places = sorted(found.pop((series.prefix, series.year), []))
        wanted = range(1, series.last + 1)
        missing = sorted(set(wanted) - set(places))
        beyond = sorted(set(places) - set(wanted))
        if (missing or beyond) and series.prefix != "TEST":  # clocks go with their invoices
            says = f"it counts to {series.last}; missing {missing[:5]}, beyond {beyond[:5]}"
            yield Problem("numbers without a gap", f"series {series}", says)
    for name, of_year in found:
        yield Problem("numbers without a gap", f"series {name}-{of_year}", "it is not kept")
