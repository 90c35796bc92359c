"""One step of many accounts at once: what the run does where nothing about them is unusual.

The same steps as alone, in the same order, with statements that hold all of them. Whatever is not
plain is left to be taken alone; and so is everything, where one of them fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.credits import ledger
from billing.kernel.services import service
from billing.models import Account, InvoiceDue, LockedAccount, Subscription
from billing.rating.late import settle_periods
from billing.subscriptions.advancing_many import go_on_alike, goes_on_alike
from invoicing import drafting, due, finalizing
from invoicing.composing import Bill, compose
from invoicing.composing.facts import read_facts
from invoicing.models import Invoice, InvoiceLine, InvoiceStatus
from invoicing.pdf.documents import expect_documents
from invoicing.remembering import FinalInvoice
from tenants.models import Tenant

GROUP: Final = 50
"""Accounts whose step is one transaction: their locks are held no longer than it takes."""

Kind = InvoiceDue.Kind


@dataclass(frozen=True, slots=True)
class Taken:
    """Whose step was taken, and whose has to be taken alone."""

    together: list[UUID]
    alone: list[UUID]


@service
def take_steps(*, account_ids: Sequence[UUID], now: datetime) -> Taken:
    """Take the earliest step that is due by `now` of each of these accounts, where it is plain.

    Accounts that somebody else has locked are left to them. One transaction, GROUP at most.
    """
    accounts = {one.pk: one for one in Account.objects.lock_those_free(account_ids)}
    if not accounts:
        return Taken([], [])
    works = due.earliest_of(list(accounts), now=now)
    moving = _plain_moves(works)
    if moving:
        go_on_alike(list(moving.values()), now=now)
    billed = [key for key, work in works.items() if work.source is due.BILL]
    if billed:
        _bill([accounts[key] for key in billed], works, now)
    together = {*moving, *billed}
    return Taken(list(together), [key for key in works if key not in together])


def _plain_moves(works: dict[UUID, due.Work]) -> dict[UUID, Subscription]:
    keys = [work.key for work in works.values() if work.source is due.MOVE]
    rows = Subscription.objects.filter(pk__in=keys).select_related("plan_version__plan")
    return {row.account_id: row for row in rows if goes_on_alike(row)}


@dataclass(frozen=True, slots=True)
class Asked:
    """An invoice that is due, and what there is of it already."""

    account: LockedAccount
    row: InvoiceDue
    found: Invoice | None

    @property
    def is_final(self) -> bool:
        return self.row.due_at == self.row.finalize_at

    @property
    def is_open(self) -> bool:
        return self.found is None or self.found.status == InvoiceStatus.DRAFT


def _bill(accounts: Sequence[LockedAccount], works: dict[UUID, due.Work], now: datetime) -> None:
    """Draft or finalize what is due, one invoice of each account, as alone."""
    asked = _asked(accounts, [works[account.pk].key for account in accounts])
    to_write = [one for one in asked if one.is_open and (one.is_final or one.row.finalize_at > now)]
    bills = _bills(to_write, now=now)
    _write([one for one in to_write if not one.is_final], bills, now=now)
    _finalize([one for one in to_write if one.is_final], bills, now=now)
    for one in asked:
        one.row.due_at = None if one.is_final else one.row.finalize_at
    due.aim([one.row for one in asked])


def _asked(accounts: Sequence[LockedAccount], keys: Sequence[str]) -> list[Asked]:
    rows = InvoiceDue.objects.filter(pk__in=keys).select_related(
        "period__subscription__plan_version__plan", "period__subscription__pending_plan_version"
    )
    by_account = {row.account_id: row for row in rows}
    invoices = {
        (invoice.period_id, invoice.kind): invoice
        for invoice in Invoice.objects.filter(
            period__in=[row.period_id for row in by_account.values()]
        ).exclude(status=InvoiceStatus.VOID)
    }
    return [
        Asked(account, row, invoices.get((row.period_id, row.kind)))
        for account in accounts
        for row in (by_account[account.pk],)
    ]


def _bills(asked: Sequence[Asked], *, now: datetime) -> dict[UUID, tuple[Tenant, Bill]]:
    """Compute the bills by account, from facts that were read for all of them at once."""
    if not asked:
        return {}
    ids = [one.account.pk for one in asked]
    found = Tenant.objects.select_related("account").filter(account__in=ids)
    tenants = {tenant.account_id: tenant for tenant in found}
    facts = read_facts(list(tenants.values()), [one.row.period for one in asked], now=now)
    credits = ledger.spendable_of(ids, now=now)  # noqa: A001  the field's own word
    return {
        one.account.pk: (
            tenants[one.account.pk],
            compose(
                tenant=tenants[one.account.pk],
                subscription=one.row.period.subscription,
                period=one.row.period,
                kind=Kind(one.row.kind),
                credits=credits.get(one.account.pk, ()),
                now=now,
                facts=facts,
            ),
        )
        for one in asked
    }


def _written(
    asked: Sequence[Asked], bills: dict[UUID, tuple[Tenant, Bill]], *, now: datetime
) -> list[FinalInvoice]:
    """Write the lines of those that come to something, and return their invoices, not saved yet."""
    pairs = []
    for one in asked:
        tenant, bill = bills[one.account.pk]
        invoice = one.found
        if invoice is not None:
            drafting.fill(invoice, bill, now=now)
        elif bill.is_empty:
            continue
        else:
            invoice = drafting.new_invoice(one.account, bill, now=now)
        pairs.append(FinalInvoice(account=one.account, tenant=tenant, invoice=invoice, bill=bill))
    old = [one.found.pk for one in asked if one.found is not None]
    if old:
        InvoiceLine.objects.filter(invoice__in=old).delete()
    drafting.write_lines((pair.invoice, pair.bill) for pair in pairs)
    return pairs


def _write(
    asked: Sequence[Asked], bills: dict[UUID, tuple[Tenant, Bill]], *, now: datetime
) -> None:
    drafting.save([pair.invoice for pair in _written(asked, bills, now=now)])


def _finalize(
    asked: Sequence[Asked], bills: dict[UUID, tuple[Tenant, Bill]], *, now: datetime
) -> None:
    for one in asked:
        bill = bills[one.account.pk][1]
        if one.found is None and bill.is_empty:
            settle_periods(bill.settled)
    finals = _written(asked, bills, now=now)
    if finals:
        finalizing.make_final(finals, now=now)
        expect_documents([final.invoice for final in finals])
