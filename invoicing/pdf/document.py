"""What an invoice prints, as plain values: no database, no locale, no page.

Amounts, quantities, prices and rates are decimal strings as the API writes them (`"1234.50"`),
amounts with exactly the currency's decimals. Nothing here is computed again: what the invoice
says is what is printed. Moments are aware; periods are half-open, [start, end).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

Paper = Literal["A4", "LETTER"]
PAPERS: Final[frozenset[str]] = frozenset({"A4", "LETTER"})
DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
OUTSIDE_SUBTOTAL: Final = frozenset({"DISCOUNT", "TAX"})


def _require_decimals(*texts: object) -> None:
    for text in texts:
        if text is not None and (not isinstance(text, str) or not DECIMAL.fullmatch(text)):
            raise ValueError(f"Not a decimal string: {text!r}")


def _require_aware(*moments: datetime) -> None:
    for moment in moments:
        if moment.tzinfo is None:
            raise ValueError(f"A moment without a zone: {moment}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyBlock:
    """One side of the invoice. `address` holds its lines, separated by line breaks."""

    name: str
    address: str = ""
    tax_id: str = ""
    email: str = ""
    registration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where to pay to. `iban` and `bic` without spaces."""

    iban: str
    bic: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakdownRow:
    """One tier's exact share of a line: quantities above `lower`, up to and with `upper`."""

    lower: str
    upper: str | None
    quantity: str
    unit_price: str | None
    flat_fee: str | None
    amount: str

    def __post_init__(self) -> None:
        _require_decimals(
            self.lower, self.upper, self.quantity, self.unit_price, self.flat_fee, self.amount
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A line as the API shows it, of any type: DISCOUNT lines are printed among the totals.

    `gross` is the price that the breakdown explains, where it holds its taxes.
    """

    type: str
    description: str
    quantity: str
    unit: str
    unit_price: str | None
    amount: str
    period_start: datetime
    period_end: datetime
    discount: str | None = None
    tax_rate: str | None = None
    gross: str | None = None
    breakdown: tuple[BreakdownRow, ...] = ()

    def __post_init__(self) -> None:
        _require_decimals(self.quantity, self.unit_price, self.amount, self.discount)
        _require_decimals(self.tax_rate, self.gross)
        _require_aware(self.period_start, self.period_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRow:
    """The tax at one rate (percent) on the sum of the discounted lines under it."""

    rate: str
    taxable: str
    amount: str
    label: str = ""

    def __post_init__(self) -> None:
        _require_decimals(self.rate, self.taxable, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """An invoice as it is printed.

    `issue_date` and `due_date` are dates, or moments that are shown as dates in `timezone`.
    `discount_total`, `credits_applied` and `amount_paid` are positive where something is taken
    off; `credit_granted` is what a total below zero became. With `refers_to`, the number of an
    invoice, it is a credit note on that one: its amounts are what is taken back, `amount_paid` is
    not used, `credits_applied` what was taken off the amount due, `credit_granted` what became
    credit. Raises ValueError for anything
    that is no decimal string, for naive moments, unknown zones and unknown paper.
    """

    number: str | None
    status: str
    currency: str
    issue_date: date | datetime | None
    due_date: date | datetime | None
    period_start: datetime
    period_end: datetime
    seller: PartyBlock
    buyer: PartyBlock
    lines: tuple[DocumentLine, ...]
    subtotal: str
    discount_total: str
    tax_rows: tuple[TaxRow, ...]
    total: str
    credit_granted: str
    credits_applied: str
    amount_paid: str
    amount_due: str
    refers_to: str = ""
    notes: str = ""
    tax_treatment: str = "STANDARD"
    tax_reason: str = ""
    pay_to: BankAccount | None = None
    language: str = "en"
    timezone: str = "UTC"
    paper: Paper = "A4"

    def __post_init__(self) -> None:
        _require_decimals(self.subtotal, self.discount_total, self.total, self.credit_granted)
        _require_decimals(self.credits_applied, self.amount_paid, self.amount_due)
        _require_aware(self.period_start, self.period_end)
        _require_aware(*_moments(self.issue_date, self.due_date))
        if self.paper not in PAPERS:
            raise ValueError(f"Unknown paper: {self.paper!r}")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"Unknown time zone: {self.timezone!r}") from error

    @property
    def is_credit_note(self) -> bool:
        return bool(self.refers_to)

    @property
    def is_draft(self) -> bool:
        return self.status == "DRAFT"

    @property
    def is_void(self) -> bool:
        return self.status == "VOID"

    @property
    def charges(self) -> tuple[DocumentLine, ...]:
        """The lines of the table: those that are part of the subtotal."""
        return tuple(line for line in self.lines if line.type not in OUTSIDE_SUBTOTAL)

    @property
    def discounts(self) -> tuple[DocumentLine, ...]:
        return tuple(line for line in self.lines if line.type == "DISCOUNT")


def _moments(*days: date | datetime | None) -> Iterable[datetime]:
    return (day for day in days if isinstance(day, datetime))
