"""An invoice's values as the words and numbers that its page shows, in the active language."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from invoicing.pdf import formatting
from invoicing.taxes.notes import tax_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoicing.pdf.document import BreakdownRow, DocumentLine, InvoiceDocument

NAMED_TYPES: Final = {
    "MINIMUM": gettext_noop("Minimum charge"),
    "PRORATION": gettext_noop("Part period"),
    "ADJUSTMENT": gettext_noop("Adjustment"),
}
"""Types that a reader could not tell from the description alone."""
UNTAXED: Final = {
    "REVERSE_CHARGE": gettext_noop("Tax 0% (reverse charge)"),
    "EXEMPT": gettext_noop("Tax 0% (exempt)"),
}
"""What stands among the totals where tax is due and none is charged."""
LONG_DESCRIPTION: Final = 400  # characters
MOST_KEPT_PARTS: Final = 6
MOST_NOTES_BESIDE: Final = 500  # characters that fit beside the totals
MOST_NOTE_LINES_BESIDE: Final = 8
UNITS: Final = {
    "count": "",  # a bare number says it
    "seconds": gettext_noop("seconds"),
    "bytes": gettext_noop("bytes"),
}


@dataclass(frozen=True, slots=True)
class PrintedPart:
    """A tier under its line."""

    description: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class PrintedLine:
    description: str
    details: tuple[str, ...]
    quantity: str
    unit: str
    unit_price: str
    tax: str
    amount: str
    parts: tuple[PrintedPart, ...]

    @property
    def is_long(self) -> bool:
        """Say whether the row may be split between pages, since it may fill half of one."""
        return len(self.description) > LONG_DESCRIPTION

    @property
    def is_kept(self) -> bool:
        """Say whether the tiers are few enough to stay together on a page."""
        return len(self.parts) <= MOST_KEPT_PARTS


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """A row of the totals; `kind` is `plain`, `sum` or `due`."""

    label: str
    amount: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Summary:
    """What the reader looks for first."""

    label: str
    amount: str
    code: str
    note: str

    @property
    def font_size(self) -> str:
        """Shrink the type where a long amount would meet its neighbour."""
        hundredths = min(2300, 2300 * 13 // max(1, len(self.amount)))
        return f"{hundredths // 100}.{hundredths % 100:02d}pt"


def printed_lines(document: InvoiceDocument) -> tuple[PrintedLine, ...]:
    return tuple(_line(document, line) for line in document.charges)


def _line(document: InvoiceDocument, line: DocumentLine) -> PrintedLine:
    unit = UNITS.get(line.unit, line.unit)
    return PrintedLine(
        description=line.description,
        details=tuple(_details(document, line)),
        quantity=formatting.number(line.quantity),
        unit=_(unit) if unit else "",
        unit_price=_price(line.unit_price, document),
        tax="" if line.tax_rate is None else formatting.percent(line.tax_rate),
        amount=formatting.money(line.amount, document.currency),
        parts=tuple(_part(document, row) for row in line.breakdown if _adds_to(line)),
    )


def _details(document: InvoiceDocument, line: DocumentLine) -> Iterator[str]:
    """Name what is not as on the rest of the invoice: the type, the period, a discount."""
    if line.type in NAMED_TYPES:
        yield _(NAMED_TYPES[line.type])
    if (line.period_start, line.period_end) != (document.period_start, document.period_end):
        yield formatting.day_range(line.period_start, line.period_end, document.timezone)
    if line.gross is not None:
        price = formatting.money(line.gross, document.currency)
        yield _("Price with tax %(amount)s") % {"amount": price}
    if not formatting.is_zero(line.discount):
        taken = formatting.deduction(str(line.discount), document.currency)
        yield _("Discount %(amount)s") % {"amount": taken}


def _adds_to(line: DocumentLine) -> bool:
    """Say whether the breakdown tells more than the line's own quantity and price."""
    if len(line.breakdown) != 1:
        return bool(line.breakdown)
    only = line.breakdown[0]
    return not (
        formatting.is_zero(only.flat_fee)
        and Decimal(only.quantity) == Decimal(line.quantity)
        and _same(only.unit_price, line.unit_price)
    )


def _same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return Decimal(one) == Decimal(other)


def _part(document: InvoiceDocument, row: BreakdownRow) -> PrintedPart:
    span = _span(row)
    if not formatting.is_zero(row.flat_fee):
        fee = _("plus %(amount)s flat") % {"amount": _price(row.flat_fee, document)}
        span = f"{span}, {fee}"
    return PrintedPart(
        description=span,
        quantity=formatting.number(row.quantity),
        unit_price="" if formatting.is_zero(row.unit_price) else _price(row.unit_price, document),
        amount=_price(row.amount, document),
    )


def _span(row: BreakdownRow) -> str:
    lower = formatting.number(row.lower)
    if row.upper is None:
        return _("All units") if formatting.is_zero(row.lower) else _("Over %s") % lower
    upper = formatting.number(row.upper)
    return _("First %s") % upper if formatting.is_zero(row.lower) else formatting.span(lower, upper)


def _price(text: str | None, document: InvoiceDocument) -> str:
    if text is None:
        return ""
    decimals = formatting.decimals_of(document.total)
    return formatting.money(text, document.currency, decimals=decimals)


def printed_totals(document: InvoiceDocument) -> Iterator[PrintedTotal]:
    """Lead from the lines to what is due, so that a reader can add it up row by row."""
    currency = document.currency
    yield PrintedTotal(_("Subtotal"), formatting.money(document.subtotal, currency))
    yield from _discounts(document)
    for row in document.tax_rows:
        label = _("%(tax)s %(rate)s on %(amount)s") % {
            "tax": row.label or _("Tax"),
            "rate": formatting.percent(row.rate),
            "amount": formatting.money(row.taxable, currency),
        }
        yield PrintedTotal(label, formatting.money(row.amount, currency))
    if document.tax_treatment in UNTAXED:
        nothing = formatting.money(_zero(document), currency)
        yield PrintedTotal(_(UNTAXED[document.tax_treatment]), nothing)
    yield from _credited(document) if document.is_credit_note else _owed(document)


def _credited(document: InvoiceDocument) -> Iterator[PrintedTotal]:
    """Say what a credit note takes back, and what became of it."""
    currency = document.currency
    yield PrintedTotal(_("Total credited"), formatting.money(document.total, currency), "due")
    for label, text in (
        (_("Taken off the amount due"), document.credits_applied),
        (_("Added to your credit balance"), document.credit_granted),
    ):
        if not formatting.is_zero(text):
            yield PrintedTotal(label, formatting.money(text, currency))


def _owed(document: InvoiceDocument) -> Iterator[PrintedTotal]:
    currency = document.currency
    if not formatting.is_zero(document.credit_granted):
        granted = formatting.money(document.credit_granted, currency)
        yield PrintedTotal(_("Moved to your credit balance"), granted)
    yield PrintedTotal(_("Total"), formatting.money(document.total, currency), "sum")
    for label, text in (
        (_("Credits applied"), document.credits_applied),
        (_("Amount paid"), document.amount_paid),
    ):
        if not formatting.is_zero(text):
            yield PrintedTotal(label, formatting.deduction(text, currency))
    yield PrintedTotal(_("Amount due"), formatting.money(document.amount_due, currency), "due")


def _discounts(document: InvoiceDocument) -> Iterator[PrintedTotal]:
    if document.discounts:
        for line in document.discounts:
            taken = formatting.deduction(line.amount, document.currency)
            yield PrintedTotal(line.description or _("Discount"), taken)
    elif not formatting.is_zero(document.discount_total):
        taken = formatting.deduction(document.discount_total, document.currency)
        yield PrintedTotal(_("Discount"), taken)


def summary(document: InvoiceDocument) -> Summary:
    is_note = document.is_credit_note
    shown = document.total if is_note else document.amount_due
    return Summary(
        label=_("Amount credited") if is_note else _("Amount due"),
        amount=formatting.money(shown, document.currency),
        code=document.currency if document.currency in formatting.SHARED_SIGNS else "",
        note=_summary_note(document),
    )


def _summary_note(document: InvoiceDocument) -> str:
    if document.is_credit_note:
        return _("There is nothing to pay.")
    if document.is_void:
        return _("This invoice is void. There is nothing to pay.")
    if document.is_draft:
        return _("This is a draft, not a request for payment.")
    if formatting.is_zero(document.amount_due):
        return _("There is nothing to pay.")
    if document.due_date is None:
        return ""
    return _("Due by %(date)s") % {"date": formatting.day(document.due_date, document.timezone)}


def _zero(document: InvoiceDocument) -> str:
    decimals = formatting.decimals_of(document.total)
    return f"{0:.{decimals}f}"


def printed_notes(document: InvoiceDocument) -> str:
    """Return why there is no tax, which must be said, then what else is noted."""
    why = tax_note(document.tax_treatment, document.tax_reason)
    return "\n".join(filter(None, (why, document.notes)))


def are_long(notes: str) -> bool:
    """Say whether the notes need the room below the totals."""
    return len(notes) > MOST_NOTES_BESIDE or len(notes.splitlines()) > MOST_NOTE_LINES_BESIDE
