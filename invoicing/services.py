"""What can be done to invoices: each in one transaction, under the account's lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.kernel.errors import InvalidTransition, NotFound
from billing.kernel.services import service
from billing.models import Account, InvoiceDue, LockedAccount, SubscriptionPeriod
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.queries import current_period, live_subscription
from invoicing import drafting, finalizing
from invoicing.errors import InvoiceExists, NoSuchPeriod
from invoicing.models import Invoice, InvoiceStatus

Kind = InvoiceDue.Kind


@service
def generate_invoice(
    *,
    account_id: UUID,
    subscription_id: UUID | None = None,
    period_start: datetime | None = None,
    period_end: datetime | None = None,
    now: datetime,
) -> Invoice:
    """Make the DRAFT of the open period as of now, or of a begun period that is named.

    Made also where every line is zero. Raises NoActiveSubscription, NotFound, NoSuchPeriod,
    InvoiceExists.
    """
    account = Account.objects.lock(account_id)
    period = _period(account, subscription_id, period_start, period_end, now=now)
    found = drafting.existing(period, Kind.PERIOD)
    if found is not None:
        raise InvoiceExists(invoice_id=found.id)
    bill = drafting.compose_for(account, period, Kind.PERIOD, now=now)
    invoice = drafting.write(account, bill, now=now)
    audit.record(action="invoice.drafted", account_id=account.id, subject=invoice.id, now=now)
    return invoice


def _period(
    account: LockedAccount,
    subscription_id: UUID | None,
    start: datetime | None,
    end: datetime | None,
    *,
    now: datetime,
) -> SubscriptionPeriod:
    if start is None and end is None:
        return _open_period(account, subscription_id)
    begun = SubscriptionPeriod.objects.filter(account=account, start_at__lte=now)
    if subscription_id is not None:
        begun = begun.filter(subscription_id=subscription_id)
    if start is not None:
        begun = begun.filter(start_at=start)
    if end is not None:
        begun = begun.filter(end_at=end)
    # Of two that begin at one instant the first ended at once: a revival, or another interval.
    found = begun.order_by("-start_at", "-end_at", "-id").first()
    if found is None:
        raise NoSuchPeriod
    return found


def _open_period(account: LockedAccount, subscription_id: UUID | None) -> SubscriptionPeriod:
    if subscription_id is None:
        subscription_id = live_subscription(account.id).id
    elif not account.subscriptions.filter(pk=subscription_id).exists():
        raise NotFound(noun="subscription")
    found = current_period(subscription_id)
    if found is None:
        raise NoActiveSubscription
    return found


def locked_invoice(account: LockedAccount, invoice_id: UUID) -> Invoice:
    """Return the account's invoice, guarded by the account's lock. Raises NotFound."""
    found = Invoice.objects.select_related("period").filter(pk=invoice_id, account=account).first()
    if found is None:
        raise NotFound(noun="invoice")
    return found


@service
def finalize_invoice(*, account_id: UUID, invoice_id: UUID, now: datetime) -> Invoice:
    """Finalize a draft: PENDING, numbered, dated, immutable; PAID at once where nothing is due.

    Raises NotFound, InvalidTransition.
    """
    account = Account.objects.lock(account_id)
    return finalizing.finalize(account, locked_invoice(account, invoice_id), now=now)


@service
def void_invoice(*, account_id: UUID, invoice_id: UUID, reason: str = "", now: datetime) -> Invoice:
    """Void an invoice, once; also one of a customer that was deleted.

    Raises NotFound, InvalidTransition, InvoiceHasPayments.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    invoice = locked_invoice(account, invoice_id)
    if invoice.status == InvoiceStatus.VOID:
        raise InvalidTransition(noun="invoice", current="VOID", target="VOID")
    return finalizing.void(account, invoice, reason=reason, now=now)


@service
def refresh_draft(*, account_id: UUID, invoice_id: UUID, now: datetime) -> Invoice:
    """Bring a draft of an ended period up to date: it follows what comes in until it is final."""
    account = Account.objects.lock(account_id)
    invoice = locked_invoice(account, invoice_id)
    return drafting.refresh(account, invoice, now=now)
