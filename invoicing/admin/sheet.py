"""An invoice as its page shows it: facts, lines with their parts, sums. Strings, ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.admin import formatting
from invoicing.models import Invoice, InvoiceLine, LineType
from invoicing.taxes.notes import tax_note

TYPES = {
    LineType.PLAN: lambda: _("Plan"),
    LineType.USAGE: lambda: _("Usage"),
    LineType.MINIMUM: lambda: _("Minimum"),
    LineType.PRORATION: lambda: _("Proration"),
    LineType.ADJUSTMENT: lambda: _("Adjustment"),
    LineType.DISCOUNT: lambda: _("Discount"),
    LineType.TAX: lambda: _("Tax"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One part of a line: a tier, a package, the units beyond what is included."""

    lower: str
    upper: str
    quantity: str
    unit_price: str
    flat_fee: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line. Its parts explain its amount."""

    type: str
    kind: str
    description: str
    metric_type: str
    period: object
    quantity: str
    unit: str
    unit_price: str
    amount: str
    discount: str
    tax: str
    parts: list[PartRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole page."""

    title: str
    status: object
    currency: str
    due: str
    facts: list[tuple[str, object]]
    lines: list[LineRow]
    sums: list[tuple[str, str, bool]]
    notes: list[str]


def sheet_of(invoice: Invoice) -> Sheet:
    """Lay an invoice out. It has its account with tenant, its subscription's plan and its lines."""
    lines = list(invoice.lines.all())
    return Sheet(
        title=invoice.number or _("Invoice"),
        status=formatting.status_label(invoice.status),
        currency=invoice.currency,
        due=formatting.money(invoice.amount_due_minor, invoice.currency),
        facts=_facts(invoice),
        lines=[_line(line, invoice.currency) for line in lines if line.type != LineType.TAX],
        sums=_sums(invoice, [line for line in lines if line.type == LineType.TAX]),
        notes=[
            *filter(None, (tax_note(invoice.tax_treatment, invoice.tax_reason), *invoice.notes))
        ],
    )


def _facts(invoice: Invoice) -> list[tuple[str, object]]:
    version = invoice.subscription.plan_version
    facts: list[tuple[str, object]] = [
        (_("Tenant"), formatting.account_link(invoice.account)),
        (
            _("Plan"),
            formatting.link("billing_subscription_change", version, invoice.subscription_id),
        ),
        (_("Period"), formatting.stretch(invoice.period_start, invoice.period_end)),
        (_("Issued"), formatting.day(invoice.issue_date)),
        (_("Due date"), formatting.day(invoice.due_date)),
    ]
    if invoice.voided_at is not None:
        facts.append((_("Voided"), formatting.moment(invoice.voided_at)))
        facts.append((_("Reason"), invoice.void_reason or formatting.NONE))
    return facts


def _line(line: InvoiceLine, currency: str) -> LineRow:
    return LineRow(
        type=line.type,
        kind=TYPES[LineType(line.type)](),
        description=line.description,
        metric_type=line.metric_type,
        period=formatting.stretch(line.period_start, line.period_end),
        quantity=formatting.number(line.quantity),
        unit=line.unit,
        unit_price=_price(line.unit_price, currency),
        amount=formatting.amount(line.amount_minor, currency),
        discount=formatting.amount(-line.discount_minor, currency) if line.discount_minor else "–",
        tax="–" if line.tax_rate is None else formatting.percent(line.tax_rate),
        parts=[_part(part, currency) for part in line.breakdown],
    )


def _price(value: Decimal | str | None, currency: str) -> str:
    return "–" if value is None else formatting.price(value, currency)


def _part(part: dict[str, Any], currency: str) -> PartRow:
    def show(name: str) -> str:
        value = part.get(name)
        return "–" if value is None else formatting.number(value)

    return PartRow(
        lower=show("from"),
        upper="∞" if part.get("to") is None else show("to"),
        quantity=show("quantity"),
        unit_price=_price(part.get("unitPrice"), currency),
        flat_fee=_price(part.get("flatFee"), currency),
        amount=_price(part.get("amount"), currency),
    )


def _tax_label(tax: InvoiceLine) -> str:
    if tax.tax_rate is None:
        return tax.description
    return f"{tax.description} {formatting.percent(tax.tax_rate)}"


def _sums(invoice: Invoice, taxes: list[InvoiceLine]) -> list[tuple[str, str, bool]]:
    """List (text, amount, whether it stands out); zeros that say nothing are left out."""

    def money(minor: int) -> str:
        return formatting.amount(minor, invoice.currency)

    sums = [(_("Subtotal"), money(invoice.subtotal_minor), False)]
    if invoice.discount_total_minor:
        sums.append((_("Discounts"), money(-abs(invoice.discount_total_minor)), False))
    sums += [(_tax_label(tax), money(tax.amount_minor), False) for tax in taxes]
    sums.append((_("Total"), money(invoice.total_minor), True))
    if invoice.credit_granted_minor:
        sums.append((_("Granted as credit"), money(invoice.credit_granted_minor), False))
    if invoice.credits_applied_minor:
        sums.append((_("Paid by credit"), money(-invoice.credits_applied_minor), False))
    if invoice.amount_paid_minor:
        sums.append((_("Paid"), money(-invoice.amount_paid_minor), False))
    if invoice.credited_due_minor:
        sums.append((_("Credited"), money(-invoice.credited_due_minor), False))
    sums.append((_("Amount due"), money(invoice.amount_due_minor), True))
    return sums
