"""Sums: an invoice's totals are those of its lines, and of a calculation made anew."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from billing.kernel.money import Money
from billing.models import CreditEntry, DiscountUse
from invoicing.calculation import (
    DiscountInput,
    LineInput,
    LineType,
)
from invoicing.calculation.discounts import discount
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus
from invoicing.verification.problems import Problem

NOT_GIVEN = frozenset({LineType.DISCOUNT.value, LineType.TAX.value})


def invoice_totals(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Compare each invoice's totals with the sums of its lines."""
    for invoice in _with_lines(invoices):
        lines = list(invoice.lines.all())
        sums = {
            "subtotal": (invoice.subtotal_minor, _sum(lines, but=NOT_GIVEN)),
            "discountTotal": (invoice.discount_total_minor, -_sum(lines, only="DISCOUNT")),
            "taxTotal": (invoice.tax_total_minor, _sum(lines, only="TAX")),
            "discounts of lines": (
                invoice.discount_total_minor,
                sum(line.discount_minor for line in lines),
            ),
            "total less creditGranted": (
                invoice.total_minor - invoice.credit_granted_minor,
                sum(line.amount_minor for line in lines),
            ),
        }
        for name, (kept, counted) in sums.items():
            if kept != counted:
                says = f"{name} is kept as {kept}, its lines say {counted}"
                yield Problem("invoice totals", _name(invoice), says)


def invoice_recalculated(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Spread the discounts that a final invoice used over its lines again, and compare."""
    final = invoices.exclude(status__in=[InvoiceStatus.DRAFT, InvoiceStatus.VOID])
    for invoice in _with_lines(final):
        given = [line for line in invoice.lines.all() if line.type not in NOT_GIVEN]
        used = _discounts(invoice)
        anew = discount(
            lines=[_input(line, invoice.currency) for line in given],
            discounts=[one for one, _off in used],
            currency=invoice.currency,
        )
        kept = [line.discount_minor for line in given]
        counted = [share.minor for share in anew.by_line]
        if kept != counted:
            says = f"the lines' discounts are kept as {kept}, computed anew they are {counted}"
            yield Problem("invoice recalculated", _name(invoice), says)
        offs = [off.minor for off in anew.by_discount]
        if offs != [off for _one, off in used]:
            says = f"its discounts took {[off for _one, off in used]} off, computed anew {offs}"
            yield Problem("invoice recalculated", _name(invoice), says)


def credit_of_invoices(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Compare what a final invoice applied of credit with the ledger's entries for it."""
    for invoice in invoices.exclude(status=InvoiceStatus.DRAFT):
        entries = CreditEntry.objects.filter(invoice_id=invoice.id)
        uses = -sum(
            entries.filter(kind__in=["USE", "RETURN"]).values_list("amount_minor", flat=True)
        )
        expected = 0 if invoice.status == InvoiceStatus.VOID else invoice.credits_applied_minor
        if uses != expected:
            says = f"creditsApplied is {expected}, the ledger has {uses}"
            yield Problem("credit of invoices", _name(invoice), says)


def _with_lines(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    ordered = InvoiceLine.objects.order_by("position")
    return invoices.prefetch_related(Prefetch("lines", queryset=ordered))


def _sum(
    lines: list[InvoiceLine], *, only: str | None = None, but: frozenset[str] = frozenset()
) -> int:
    chosen = (x for x in lines if (only is None or x.type == only) and x.type not in but)
    return sum(line.amount_minor for line in chosen)


def _input(line: InvoiceLine, currency: str) -> LineInput:
    return LineInput(type=LineType(line.type), amount=Money(line.amount_minor, currency))


def _discounts(invoice: Invoice) -> list[tuple[DiscountInput, int]]:
    uses = DiscountUse.objects.filter(invoice_id=invoice.id).select_related("discount")
    found = []
    for use in uses.order_by("discount__position"):
        row = use.discount
        if row.percent is not None:
            one = DiscountInput(percent=Decimal(row.percent))
        else:
            one = DiscountInput(amount=Money(row.amount_minor or 0, invoice.currency))
        found.append((one, use.amount_minor))
    return found


def _name(invoice: Invoice) -> str:
    return f"invoice {invoice.number or invoice.id}"
