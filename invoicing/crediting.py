"""Credit notes: taking back a part of a finalized invoice, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from billing.accounts import audit
from billing.credits import ledger
from billing.credits.services import given_amount
from billing.kernel.errors import InvalidTransition, invalid
from billing.kernel.money import Money
from billing.kernel.services import service
from billing.models import Account, LockedAccount
from billing.outbox import publish
from invoicing import dunning
from invoicing.calculation.credit_notes import (
    Credited,
    LineLeft,
    TooMuch,
    credit_lines,
    credit_total,
)
from invoicing.errors import CreditAboveInvoice, NothingToCredit
from invoicing.line_ids import line_id
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus, LineType
from invoicing.numbering import next_credit_note_number
from invoicing.pdf.credit_notes import expect_credit_note
from invoicing.records import CreditNote, CreditNoteLine
from invoicing.services import locked_invoice
from invoicing.telling import shown, tell_settled

UNCREDITABLE = (InvoiceStatus.DRAFT, InvoiceStatus.VOID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A line to credit, and how much of it before discount and tax; None: all that is left."""

    line: UUID
    amount: object = None


@dataclass(frozen=True, slots=True)
class _Left:
    """The lines of an invoice with what earlier credit notes left of them."""

    charges: Sequence[InvoiceLine]
    taxes: Sequence[InvoiceLine]
    lines: Sequence[LineLeft]
    tax_left: Sequence[tuple[Decimal, Money]]


@service
def issue_credit_note(
    *,
    account_id: UUID,
    invoice_id: UUID,
    amount: object = None,
    parts: Sequence[Part] | None = None,
    reason: str,
    now: datetime,
) -> CreditNote:
    """Credit either an amount that includes tax, spread over all lines, or parts of some lines.

    It first reduces what is due; what was paid already, by payments or by credit, becomes a
    credit grant. An invoice with nothing left to pay is PAID. Never more than is left of a line,
    or in all. Also of a customer that was deleted. Raises NotFound, InvalidRequest,
    InvalidTransition for a draft or a void invoice, CreditAboveInvoice, NothingToCredit.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    invoice = locked_invoice(account, invoice_id)
    return credit(account, invoice, amount=amount, parts=parts, reason=reason, now=now)


def credit(
    account: LockedAccount,
    invoice: Invoice,
    *,
    amount: object = None,
    parts: Sequence[Part] | None = None,
    reason: str,
    now: datetime,
) -> CreditNote:
    """Credit as `issue_credit_note` does, within the caller's transaction."""
    if invoice.status in UNCREDITABLE:
        raise InvalidTransition(noun="invoice", current=invoice.status, target="credited")
    before = invoice.status
    left = _left_of(invoice)
    credited = _credited(invoice, left, amount, parts)
    if credited.total.minor <= 0:
        raise NothingToCredit
    note = _write(account, invoice, left, credited, reason=reason, now=now)
    _settle(account, invoice, note, now=now)
    expect_credit_note(note)
    audit.record(
        action="credit_note.issued",
        account_id=account.id,
        subject=note.pk,
        after={
            "number": note.number,
            "invoice": invoice.number,
            "total": note.total_minor,
            "status": invoice.status,
        },
        now=now,
    )
    _tell(invoice, note, before, now=now)
    return note


def _tell(invoice: Invoice, note: CreditNote, before: str, *, now: datetime) -> None:
    """Publish the note, and that the invoice is paid where the note settled it."""
    publish(
        invoice.account_id,
        "credit_note.issued",
        {
            "id": note.pk,
            "creditNoteNumber": note.number,
            "reason": note.reason,
            "total": str(Money(note.total_minor, note.currency).amount),
            "invoice": shown(invoice),
        },
        now=now,
    )
    tell_settled(invoice, before, now=now)


def _left_of(invoice: Invoice) -> _Left:
    rows = list(
        invoice.lines.exclude(type=LineType.DISCOUNT)
        .order_by("position")
        .annotate(taken=Sum("credited__amount_minor"), off=Sum("credited__discount_minor"))
    )
    charges = [row for row in rows if row.type != LineType.TAX]
    taxes = [row for row in rows if row.type == LineType.TAX]

    def left(row: InvoiceLine) -> Money:
        return Money(row.amount_minor - (row.taken or 0), invoice.currency)  # type: ignore[attr-defined]

    return _Left(
        charges,
        taxes,
        [
            LineLeft(
                amount=left(row),
                discount=Money(row.discount_minor - (row.off or 0), invoice.currency),
                percent=row.tax_rate,
            )
            for row in charges
        ],
        [(row.tax_rate or Decimal(0), left(row)) for row in taxes],
    )


def _credited(
    invoice: Invoice, left: _Left, amount: object, parts: Sequence[Part] | None
) -> Credited:
    """Compute what is credited. Raises InvalidRequest, CreditAboveInvoice."""
    currency = invoice.currency
    try:
        if parts is None:
            total = given_amount(amount, currency)
            return credit_total(total, lines=left.lines, taxes=left.tax_left)
        chosen = _chosen(invoice, left, parts)
        return credit_lines(chosen, lines=left.lines, taxes=left.tax_left, currency=currency)
    except TooMuch as error:
        rest = max(error.left, Money.zero(currency))  # a total below zero has nothing to credit
        raise CreditAboveInvoice(left=rest.amount, currency=currency) from None


def _chosen(invoice: Invoice, left: _Left, parts: Sequence[Part]) -> dict[int, Money | None]:
    """Return the amounts by the place of their lines. Raises InvalidRequest naming the part."""
    places = {
        line_id(invoice.period_id, invoice.kind, row.position): place
        for place, row in enumerate(left.charges)
    }
    chosen: dict[int, Money | None] = {}
    for number, part in enumerate(parts):
        place = places.get(part.line)
        if place is None or left.charges[place].amount_minor <= 0:
            raise invalid(f"lines[{number}].lineId", "must be a charge of this invoice above zero")
        if place in chosen:
            raise invalid(f"lines[{number}].lineId", "is named twice")
        if part.amount is None:
            chosen[place] = None
        else:
            chosen[place] = given_amount(
                part.amount, invoice.currency, field=f"lines[{number}].amount"
            )
    return chosen


def _write(
    account: LockedAccount,
    invoice: Invoice,
    left: _Left,
    credited: Credited,
    *,
    reason: str,
    now: datetime,
) -> CreditNote:
    due_reduced = min(credited.total.minor, invoice.amount_due_minor)
    granted = credited.total.minor - due_reduced
    grant = None
    if granted:
        grant = ledger.grant(
            account, amount_minor=granted, reason=reason, invoice_id=invoice.pk, now=now
        )
    note = CreditNote.objects.create(
        account=account,
        invoice=invoice,
        # The number last but for its own rows: its series stays locked until the commit.
        number=next_credit_note_number(account, at=now),
        currency=invoice.currency,
        reason=reason,
        issue_date=now.date(),
        subtotal_minor=credited.subtotal.minor,
        discount_total_minor=credited.discount_total.minor,
        tax_total_minor=credited.tax_total.minor,
        total_minor=credited.total.minor,
        due_reduced_minor=due_reduced,
        credit_granted_minor=granted,
        grant=grant,
        created_at=now,
    )
    CreditNoteLine.objects.bulk_create(_lines(note, left, credited))
    return note


def _lines(note: CreditNote, left: _Left, credited: Credited) -> list[CreditNoteLine]:
    rows = [
        (row, amount, discount, None)
        for row, (amount, discount) in zip(left.charges, credited.lines, strict=True)
    ]
    taxes = [
        (row, tax, None, base) for row, (tax, base) in zip(left.taxes, credited.taxes, strict=True)
    ]
    return [
        CreditNoteLine(
            account_id=note.account_id,
            credit_note=note,
            invoice_line=row,
            position=row.position,
            amount_minor=amount.minor,
            discount_minor=discount.minor if discount else 0,
            taxable_minor=base.minor if base is not None else None,
        )
        for row, amount, discount, base in (*rows, *taxes)
        if amount or discount or base
    ]


def _settle(account: LockedAccount, invoice: Invoice, note: CreditNote, *, now: datetime) -> None:
    invoice.credited_minor += note.total_minor
    invoice.credited_due_minor += note.due_reduced_minor
    if note.due_reduced_minor:
        invoice.settle(at=now)
    invoice.save(update_fields=["credited_minor", "credited_due_minor", "status", "paid_at"])
    dunning.follow(account, invoice, now=now)
