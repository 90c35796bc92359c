"""Fees and taxes computed anew, from what is stored and apart from what made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from django.db.models import QuerySet

from billing.models import FeeItem, SubscriptionPause
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus, LineType
from invoicing.verification.problems import Problem

Type = FeeItem.Type
SECOND = timedelta(seconds=1)


def fees_anew(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Compare each fee on a final invoice with its plan's price, for its seconds."""
    lines = InvoiceLine.objects.filter(invoice__in=_final(invoices), fee_item__isnull=False)
    for line in lines.select_related("invoice", "fee_item__plan_version").order_by("pk"):
        item = line.fee_item
        assert item is not None
        expected = _given_back(item) if item.type == Type.CREDIT else _charged(item, line.invoice)
        kept = line.amount_minor if line.gross_minor is None else line.gross_minor
        if kept != expected:
            says = f"the fee is kept as {kept}, its seconds come to {expected}"
            yield Problem("fees anew", f"invoice {line.invoice}, line {line.position}", says)


def taxes_anew(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Compare each TAX line of a final invoice with its rate on all that it is due for.

    Not where a price holds its tax: there the lines are what is left of it.
    """
    for invoice in _final(invoices).prefetch_related("lines"):
        lines = list(invoice.lines.all())
        if any(line.gross_minor is not None for line in lines):
            continue
        expected = _taxes(line for line in lines if line.type != LineType.TAX)
        kept = sorted(
            (Fraction(line.tax_rate or 0), line.amount_minor)
            for line in lines
            if line.type == LineType.TAX
        )
        if kept != expected:
            says = f"its taxes are kept as {_shown(kept)}, they come to {_shown(expected)}"
            yield Problem("taxes anew", f"invoice {invoice}", says)


def _final(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return invoices.exclude(status__in=[InvoiceStatus.DRAFT, InvoiceStatus.VOID])


def _charged(item: FeeItem, invoice: Invoice) -> int:
    seconds = _seconds(item.start_at, item.end_at)
    if not item.plan_version.pay_in_advance:
        seconds -= _paused(item, until=_taken_back(item), known_at=invoice.finalized_at)
    return _half_up(_price(item) * seconds / item.whole_seconds)


def _given_back(item: FeeItem) -> int:
    """Price the unused seconds at what the line that charged them cost; nothing was, nothing is."""
    charging = (
        InvoiceLine.objects.filter(fee_item_id=item.of_id)
        .exclude(invoice__status=InvoiceStatus.VOID)
        .first()
    )
    if charging is None or not charging.amount_minor:
        return 0
    cost = Fraction(charging.amount_minor - charging.discount_minor, charging.amount_minor)
    seconds = _seconds(item.start_at, item.end_at)
    return _half_up(-_price(item) * seconds * cost / item.whole_seconds)


def _taken_back(item: FeeItem) -> datetime:
    """Return when a change or an end took an item's rest back: no pause counts from there on."""
    for_good = FeeItem.objects.filter(of=item).exclude(reason=FeeItem.Reason.PAUSE)
    return min([item.end_at, *for_good.values_list("start_at", flat=True)])


def _paused(item: FeeItem, *, until: datetime, known_at: datetime | None) -> int:
    """Sum the seconds of pauses up to `until`; one that began after the invoice was final has a
    credit of its own, one that ended after it ran on, as far as the invoice knew.
    """
    total = 0
    for pause in SubscriptionPause.objects.filter(subscription_id=item.subscription_id):
        if known_at is not None and pause.start_at >= known_at:
            continue
        is_over = pause.end_at is not None and (known_at is None or pause.end_at <= known_at)
        end = min(until, pause.end_at) if is_over and pause.end_at else until
        total += max(0, _seconds(max(item.start_at, pause.start_at), end))
    return total


def _taxes(lines: Iterable[InvoiceLine]) -> list[tuple[Fraction, int]]:
    """Return what each tax comes to: its percentage of the sum of the lines under it."""
    sums: dict[tuple[str, Fraction], int] = defaultdict(int)
    for line in lines:
        for tax in line.taxes:
            sums[tax["tax"], Fraction(tax["rate"])] += line.amount_minor - line.discount_minor
    return sorted((rate, _half_up(rate * total / 100)) for (_, rate), total in sums.items())


def _shown(taxes: Iterable[tuple[Fraction, int]]) -> str:
    return ", ".join(f"{amount} at {rate} %" for rate, amount in taxes) or "nothing"


def _price(item: FeeItem) -> Fraction:
    return Fraction(item.plan_version.price_minor)


def _seconds(start: datetime, end: datetime) -> int:
    return (end - start) // SECOND


def _half_up(amount: Fraction) -> int:
    whole = floor(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole
