"""Collecting what is due through Stripe: who is collected from, each attempt, what follows it.

The due row is the job. An attempt is a row before it is a request, and the request is made of the
row, so that a crash at any point is mended by doing it again under the same key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.money import Money
from billing.kernel.outward import within
from billing.kernel.services import step
from billing.models import Account, LockedAccount
from billing.stripe.amounts import chargeable
from billing.stripe.current import is_live
from billing.stripe.errors import StripeError, StripeNotConfigured, StripeRefused
from billing.stripe.gateway import Gateway
from invoicing.dunning import hold
from invoicing.models import OPEN, Invoice
from paying.models import Collection, Intent, Profile
from paying.money.asking import ask_stripe
from paying.money.settling import settle_intent
from paying.records import CollectionStatus, IntentStatus, Mode, Purpose
from paying.telling import tell_failed

log = structlog.get_logger(__name__)

S = CollectionStatus
PAUSES: Final = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
"""Between the attempts after a decline; after the last one it is given up."""
LOOK_AGAIN: Final = timedelta(hours=6)
"""How long an undecided attempt rests before it is looked at, should its event be lost."""
UNKNOWN_AGAIN: Final = timedelta(minutes=2)
SWEEP: Final = 100
TOO_SMALL: Final = "amount_too_small"
NEEDS_CUSTOMER: Final = "authentication_required"


def adopt(*, now: datetime) -> int:
    """Take up the open invoices that Stripe shall collect; return how many are new.

    An account's are, once it is linked, unless a subscription of Stripe's leads. On a test clock
    they are only where the key is a test key.
    """
    rows = Invoice.objects.filter(
        status__in=OPEN,
        collection__isnull=True,
        account__stripe_customer_id__gt="",
        account__closed_at__isnull=True,
    ).exclude(account__paying__mode=Mode.LEAD)
    if is_live():
        rows = rows.filter(account__test_clock__isnull=True)
    found = list(rows.order_by("finalized_at", "pk").values_list("pk", "account_id")[:SWEEP])
    Collection.objects.bulk_create(
        [
            Collection(invoice_id=pk, account_id=account_id, due_at=now, created_at=now)
            for pk, account_id in found
        ],
        ignore_conflicts=True,
    )
    return len(found)


def collect_due(*, stripe: Gateway, now: datetime) -> None:
    """Take up what is new and collect what is due, the longest overdue first."""
    if not stripe.is_configured:
        return
    adopt(now=now)
    due = Collection.objects.due(now).order_by("due_at").values_list("pk", flat=True)
    for invoice_id in within(list(due[:SWEEP])):
        try:
            collect(invoice_id=invoice_id, stripe=stripe, now=now)
        except (StripeError, StripeNotConfigured) as error:
            log.warning("not_collected", invoice=str(invoice_id), reason=type(error).__name__)
        except Exception:  # one bad row does not stop the others
            log.exception("collection_failed", invoice=str(invoice_id))


def collect(*, invoice_id: UUID, stripe: Gateway, now: datetime) -> None:
    """Make the attempt that is due, or go on with the one that was begun. Real time.

    Safe to run from any number of workers at once, and again after a crash at any point. Raises
    StripeError where nothing is decided: the row stays due.
    """
    row = Collection.objects.select_related("account").filter(pk=invoice_id).first()
    if row is None or row.due_at is None or row.due_at > now:
        return
    method = ""
    if row.account.stripe_customer_id:
        customer = stripe.customer(customer_id=row.account.stripe_customer_id)
        method = customer.payment_method if customer and not customer.is_deleted else ""
    intent = begin(invoice_id=invoice_id, payment_method=method, now=now)
    if intent is None:
        return
    try:
        state = ask_stripe(intent, stripe=stripe, now=now)
    except StripeRefused as error:
        note_refusal(invoice_id=invoice_id, reason=error.reason, now=now)
        return
    settle_intent(intent_id=intent.id, state=state, now=now)
    follow_intent(intent_id=intent.id, now=now)


@step
def begin(*, invoice_id: UUID, payment_method: str, now: datetime) -> Intent | None:
    """Record the attempt, or return the one that is undecided; None where there is none to make.

    Meanwhile nobody else takes it up: should we die, it is due again in a few minutes.
    """
    peek = Collection.objects.get(pk=invoice_id)
    account = Account.objects.lock(peek.account_id, even_closed=True)
    row = Collection.objects.select_related("invoice").get(pk=invoice_id)
    if row.due_at is None or row.due_at > now:
        return None
    intent = _attempt(account, row, payment_method, now=now)
    if intent is not None:
        row.status, row.due_at = S.DUE, now + UNKNOWN_AGAIN
    row.save()
    return intent


def _attempt(
    account: LockedAccount, row: Collection, payment_method: str, *, now: datetime
) -> Intent | None:
    rows = Intent.objects.select_related("invoice").filter(invoice_id=row.pk)
    running = rows.filter(purpose=Purpose.AUTOMATIC).undecided().first()
    if running is not None:
        return running
    invoice = row.invoice
    if not _is_collected(account, invoice):
        _rest(row, S.ENDED)
        return None
    if rows.filter(status=IntentStatus.PROCESSING).exists():
        row.status, row.due_at = S.WAITING, now + LOOK_AGAIN  # the customer has paid by itself
        return None
    amount = chargeable(amount_of(account, invoice))
    if not amount:
        hold(invoice)
    if not amount or not payment_method:
        _rest(row, S.NO_METHOD if amount else S.CARRIED)
        return None
    return Intent.objects.create(
        account=account,
        invoice=invoice,
        purpose=Purpose.AUTOMATIC,
        number=rows.filter(purpose=Purpose.AUTOMATIC).count(),
        amount_minor=amount.minor,
        currency=amount.currency,
        customer_id=account.stripe_customer_id,
        payment_method=payment_method,
        asked_at=now,
    )


def _is_collected(account: LockedAccount, invoice: Invoice) -> bool:
    """Say whether Stripe shall collect it still."""
    leads = Profile.objects.filter(pk=account.id, mode=Mode.LEAD).exists()
    is_open = invoice.status in OPEN and account.closed_at is None
    return is_open and bool(account.stripe_customer_id) and not leads


def _rest(row: Collection, status: str) -> None:
    row.status, row.due_at = status, None


def amount_of(account: LockedAccount, invoice: Invoice) -> Money:
    """Return what is due of an invoice, and of those that were too little and wait for it."""
    carried = Invoice.objects.filter(
        account=account,
        currency=invoice.currency,
        status__in=OPEN,
        collection__status=S.CARRIED,
    ).exclude(pk=invoice.pk)
    due = invoice.amount_due_minor + sum(one.amount_due_minor for one in carried)
    return Money(due, invoice.currency)


@step
def try_now(*, invoice_id: UUID, now: datetime) -> None:
    """Have an invoice tried at once, unless nothing is to be collected or it is under way."""
    peek = Collection.objects.get(pk=invoice_id)
    Account.objects.lock(peek.account_id, even_closed=True)
    row = Collection.objects.get(pk=invoice_id)
    if row.status not in {S.ENDED, S.WAITING}:
        row.status, row.due_at, row.attempts = S.DUE, now, 0
        row.save(update_fields=["status", "due_at", "attempts"])


@step
def note_refusal(*, invoice_id: UUID, reason: str, now: datetime) -> None:
    """Stripe will not take the request: too little waits for the next invoice, else staff look."""
    peek = Collection.objects.get(pk=invoice_id)
    Account.objects.lock(peek.account_id, even_closed=True)
    row = Collection.objects.select_related("invoice").get(pk=invoice_id)
    row.failure = reason
    if reason == TOO_SMALL:
        hold(row.invoice)
        _rest(row, S.CARRIED)
    else:
        _rest(row, S.GIVEN_UP)
    row.save()


@step
def follow_intent(*, intent_id: UUID, now: datetime) -> None:
    """Let the collection follow what became of an attempt, or of the customer's own payment."""
    intent = Intent.objects.select_related("invoice").get(pk=intent_id)
    account = Account.objects.lock(intent.account_id, even_closed=True)
    row = Collection.objects.select_related("invoice").filter(pk=intent.invoice_id).first()
    if row is None:
        return
    if intent.status == IntentStatus.PAID:
        if row.invoice.status in OPEN:  # a part is left: what is to be done with it is asked anew
            row.status, row.due_at, row.failure = S.DUE, now, ""
    elif intent.purpose == Purpose.AUTOMATIC and row.status in {S.DUE, S.WAITING}:
        _follow_open(row, intent, now=now)
        if intent.status == IntentStatus.DECLINED:
            tell_failed(intent, now=account.frozen_time or now)
    row.save()


def _follow_open(row: Collection, intent: Intent, *, now: datetime) -> None:
    row.failure = intent.failure
    if intent.status in {IntentStatus.OPEN, IntentStatus.PROCESSING}:
        row.status, row.due_at = S.WAITING, now + LOOK_AGAIN
    elif intent.status in {IntentStatus.DECLINED, IntentStatus.CANCELED}:
        row.attempts += 1
        row.tell_at = now
        if intent.failure == NEEDS_CUSTOMER or row.attempts > len(PAUSES):
            _rest(row, S.GIVEN_UP)
        else:
            row.status, row.due_at = S.DECLINED, now + PAUSES[row.attempts - 1]
