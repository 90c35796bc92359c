"""The lines of an invoice that Stripe shall have: one for each of ours, their sum what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from billing.kernel.money import Money
from billing.stripe.amounts import step_of
from invoicing.models import Invoice

MOST_LINES: Final = 200
"""Stripe takes 250 on an invoice: of a longer one of ours the rest is one line."""

Line = tuple[str, int]
"""What it is for, and its amount in our minor units."""


def lines_for(invoice: Invoice, carried: Iterable[Invoice], asked: Money) -> list[Line]:
    """Return the lines of a pushed invoice that asks for `asked`: what is due of the invoice, and
    of those that were carried over to it, as far as Stripe can take it at once.
    """
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        given = [(line.description, line.amount_minor) for line in invoice.lines.all()]
        lines = [*shortened(given, gettext("Further lines")), *_since(invoice)]
        for one in carried:
            words = gettext("Carried over from invoice %(number)s") % {"number": one.number}
            lines.append((words, one.amount_due_minor))
        return fitted(lines, asked, rest=gettext("Asked for separately"))


def _since(invoice: Invoice) -> list[Line]:
    """Return what became of it between its lines and what is due."""
    found = (
        (gettext("Becomes credit"), invoice.credit_granted_minor),
        (gettext("Credit applied"), -invoice.credits_applied_minor),
        (gettext("Credited afterwards"), -invoice.credited_due_minor),
        (gettext("Paid already"), -invoice.amount_paid_minor),
    )
    return [line for line in found if line[1]]


def shortened(lines: Sequence[Line], words: str, most: int = MOST_LINES) -> list[Line]:
    """Return at most so many lines: the last of them is the sum of the rest.

    >>> shortened([("a", 1), ("b", 2), ("c", 3)], "more", 2)
    [('a', 1), ('more', 5)]
    """
    if len(lines) <= most:
        return list(lines)
    kept, rest = lines[: most - 1], lines[most - 1 :]
    return [*kept, (words, sum(amount for _, amount in rest))]


def fitted(lines: Sequence[Line], asked: Money, *, rest: str) -> list[Line]:
    """Return the lines in amounts that Stripe can write, which sum to what is asked exactly.

    Each is the difference of rounded sums, so none strays by more than the smallest step.

    >>> fitted([("a", 1234), ("b", 5)], Money(1230, "KWD"), rest="later")
    [('a', 1230), ('b', 0)]
    >>> fitted([("a", 900)], Money(500, "USD"), rest="later")
    [('a', 900), ('later', -400)]
    """
    step, made, total = step_of(asked.currency), list[Line](), 0
    before = 0
    for words, amount in lines:
        total += amount
        until = total // step * step
        made.append((words, until - before))
        before = until
    return made if before == asked.minor else [*made, (rest, asked.minor - before)]
