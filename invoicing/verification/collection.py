"""What came in for an invoice afterwards: payments and credit notes are what it says of them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet, Sum

from invoicing.models import Invoice
from invoicing.records import CreditNote, CreditNoteLine, Payment
from invoicing.verification.problems import Problem


def payments_of_invoices(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """Compare what an invoice has as paid and as credited with its payments and credit notes."""
    ids = invoices.values("pk")
    paid = _sums(Payment.objects.filter(invoice__in=ids), "amount_minor")
    credited = _sums(CreditNote.objects.filter(invoice__in=ids), "total_minor")
    reduced = _sums(CreditNote.objects.filter(invoice__in=ids), "due_reduced_minor")
    for invoice in invoices:
        for name, kept, counted in (
            ("amountPaid", invoice.amount_paid_minor, paid.get(invoice.pk, 0)),
            ("the sum credited", invoice.credited_minor, credited.get(invoice.pk, 0)),
            ("what is due less", invoice.credited_due_minor, reduced.get(invoice.pk, 0)),
        ):
            if kept != counted:
                says = f"{name} is kept as {kept}, its rows sum to {counted}"
                yield Problem("payments of invoices", f"invoice {invoice}", says)


def credited_lines(invoices: QuerySet[Invoice]) -> Iterator[Problem]:
    """No line is credited beyond itself, over all credit notes."""
    rows = (
        CreditNoteLine.objects.filter(credit_note__invoice__in=invoices.values("pk"))
        .values_list("invoice_line_id", "invoice_line__amount_minor")
        .annotate(total=Sum("amount_minor"))
    )
    for line_id, amount, total in rows:
        if abs(total) > abs(amount):
            says = f"it is {amount}, credit notes took {total} of it"
            yield Problem("credited lines", f"line {line_id}", says)


def _sums(rows: QuerySet[Payment] | QuerySet[CreditNote], field: str) -> dict[object, int]:
    return dict(rows.order_by().values_list("invoice_id").annotate(total=Sum(field)))
