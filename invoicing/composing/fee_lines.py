"""Lines of a plan's fee: PLAN, and what changes, pauses and cancellations made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from billing.kernel.money import Money
from billing.models import FeeItem
from billing.rating.fees import Fee
from invoicing.composing.bills import BillLine
from invoicing.models import InvoiceLine, InvoiceStatus, LineType

Type = FeeItem.Type
Cost = tuple[Money, Money]

WORDS: Final[Mapping[str, str | Promise]] = {
    Type.FEE: "%(plan)s",
    Type.CHARGE: gettext_lazy("%(plan)s, for the rest of the period"),
    Type.CREDIT: gettext_lazy("%(plan)s, unused part"),
}


def fee_lines(fees: Sequence[Fee], names: Mapping[UUID, str]) -> list[BillLine]:
    """Make the lines; those of credits are worth nothing yet (see `with_credits`).

    `names` are the plans' by version.
    """
    return [_line(fee, names[fee.terms.version_id]) for fee in fees]


def _line(fee: Fee, plan: str) -> BillLine:
    is_credit = fee.type == Type.CREDIT
    amount = Money.zero(fee.gross.currency) if is_credit else fee.gross
    return BillLine(
        type=LineType.PLAN if fee.type == Type.FEE else LineType.PRORATION,
        description=str(WORDS[fee.type]) % {"plan": plan},
        amount=amount,
        period=fee.period,
        tax_category=fee.terms.tax_category,
        inclusive=fee.terms.tax_inclusive,
        unit_price=amount.major,
        fee=fee,
    )


def with_credits(lines: Sequence[BillLine], shares: Sequence[Money]) -> list[BillLine]:
    """Give the credits their amounts: the unused part at what its own line cost after discounts.

    `shares` are the discounts of the given lines. A line on another invoice that is not void is
    looked up; where there is none, nothing was charged, and nothing is given back.
    """
    here = {
        line.fee.item.pk: (line.amount - share, line.amount)
        for line, share in zip(lines, shares, strict=True)
        if line.fee is not None and line.fee.item is not None and line.fee.type != Type.CREDIT
    }
    wanted = {fee.item.of_id for fee in _credits(lines) if fee.item is not None and fee.item.of_id}
    costs = {**_elsewhere(wanted - here.keys(), lines), **here}
    return [_priced(line, costs) for line in lines]


def _credits(lines: Iterable[BillLine]) -> list[Fee]:
    return [line.fee for line in lines if line.fee is not None and line.fee.type == Type.CREDIT]


def _priced(line: BillLine, costs: Mapping[int, Cost]) -> BillLine:
    if line.fee is None or line.fee.type != Type.CREDIT or line.fee.item is None:
        return line
    zero = Money.zero(line.amount.currency)
    net, gross = costs.get(line.fee.item.of_id or 0, (zero, zero))
    amount = line.fee.given_back(net=net, gross=gross)
    return replace(line, amount=amount, unit_price=amount.major)


def _elsewhere(items: set[int], lines: Sequence[BillLine]) -> dict[int, Cost]:
    """Return what items cost on other invoices, by item: (net, gross)."""
    if not items:
        return {}
    currency = lines[0].amount.currency
    rows = (
        InvoiceLine.objects.filter(fee_item_id__in=items)
        .exclude(invoice__status=InvoiceStatus.VOID)
        .values_list("fee_item_id", "amount_minor", "discount_minor")
    )
    return {
        item: (Money(amount - discount, currency), Money(amount, currency))
        for item, amount, discount in rows
    }
