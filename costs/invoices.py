"""An invoice shared out over cost centers: its own lines, by what each used in its period."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from billing.kernel.money import Money
from billing.models import Meter
from costs.allocating import Allocated
from costs.periods import FEES, ChargeCost, PeriodCosts
from costs.queries import subtree_sums
from costs.rules import allocated
from costs.snapshot import snapshot
from invoicing.models import Invoice, InvoiceLine, LineType
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.queries import cost_centers_of
from tenants.cost_centers.tree import line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCenters:
    """What of an invoice's usage cost each center has, and what else is on it.

    Spends and `unallocated` sum to `usage`; usage and `other` (fees, adjustments, discounts,
    taxes) sum to the lines of the invoice.
    """

    invoice: Invoice
    centers: tuple[CostCenter, ...]
    found: Allocated
    spends: Mapping[UUID, Money]
    subtree: Mapping[UUID, Money]
    usage: Money
    other: Money


def invoice_centers(invoice: Invoice) -> InvoiceCenters:
    """Share the USAGE and MINIMUM lines of an invoice out, before discounts and taxes."""
    with snapshot():
        costs = _costs(invoice)
        centers = cost_centers_of(invoice.account_id)
        ids = [center.id for center in centers]
        latest = invoice.period_end - timedelta(microseconds=1)
        found = allocated(costs, ids, now=latest)
    spends = {center: found.spend(center) for center in ids}
    whole = Money.total((_money(line, invoice) for line in invoice.lines.all()), costs.currency)
    return InvoiceCenters(
        invoice=invoice,
        centers=tuple(centers),
        found=found,
        spends=spends,
        subtree=subtree_sums(spends, {center.id: center.parent_id for center in centers}),
        usage=costs.usage,
        other=whole - costs.usage,
    )


def _money(line: InvoiceLine, invoice: Invoice) -> Money:
    return Money(line.amount_minor, invoice.currency)


def _costs(invoice: Invoice) -> PeriodCosts:
    """Read an invoice's lines as the costs of its period; of a START or FINAL one none are."""
    lines = list(invoice.lines.all())
    nothing = Money.zero(invoice.currency)
    minimums = [line for line in lines if line.type == LineType.MINIMUM]
    commitment = Money.total(
        (_money(line, invoice) for line in minimums if line.charge_id is None), invoice.currency
    )
    fees = (_money(line, invoice) for line in lines if line.type in FEES)
    by_charge = {line.charge_id: _money(line, invoice) for line in minimums}
    kinds = dict(Meter.objects.values_list("metric_type", "aggregation"))
    charges = []
    for line in lines:
        if line.type == LineType.USAGE and line.charge_id is not None:
            amount = _money(line, invoice)
            minimum = by_charge.get(line.charge_id, nothing)
            charges.append(
                ChargeCost(
                    charge_id=line.charge_id,
                    metric_type=line.metric_type,
                    aggregation=kinds[line.metric_type],
                    quantity=line.quantity,
                    line=amount,
                    minimum=minimum,
                    gross_line=amount,
                    gross_minimum=minimum,
                )
            )
    return PeriodCosts(
        account=invoice.account,
        subscription=invoice.period.subscription,
        period=invoice.period,
        currency=invoice.currency,
        fee=Money.total(fees, invoice.currency),
        charges=tuple(charges),
        commitment=commitment,
        gross_commitment=commitment,
    )


HEADER = ("code", "name", "path", "direct", "received", "given", "spend", "subtree", "currency")


def as_csv(shown: InvoiceCenters) -> str:
    """Write the centers as CSV (RFC 4180), then what is unallocated and what else is charged."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(HEADER)
    for row in _rows(shown):
        write([_plain(cell) for cell in row])
    return out.getvalue()


def _rows(shown: InvoiceCenters) -> Iterator[tuple[str, ...]]:
    by_id = {center.id: center for center in shown.centers}
    parents = {center.id: center.parent_id for center in shown.centers}
    currency = shown.usage.currency
    for center in shown.centers:
        path = " / ".join(by_id[one].code for one in reversed(list(line_of(center.id, parents))))
        found = shown.found
        yield (
            center.code,
            center.name,
            path,
            found.direct[center.id].amount,
            found.received[center.id].amount,
            found.given[center.id].amount,
            shown.spends[center.id].amount,
            shown.subtree[center.id].amount,
            currency,
        )
    for code, amount in (
        ("(unallocated)", shown.found.unallocated),
        ("(fees, adjustments, discounts, taxes)", shown.other),
    ):
        yield (code, "", "", "", "", "", amount.amount, "", currency)


def _plain(cell: str) -> str:
    """Keep spreadsheets from reading a name as a formula; amounts stay numbers."""
    is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} and not is_number else cell
