"""Collecting what is due through Stripe: who is collected from, each attempt, what follows it.

The due row is the job. An attempt is a row before it is a request, and the request is made of the
row, so that a crash at any point is mended by doing it again under the same key.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from billing.kernel.outward import within
from billing.kernel.services import step
from billing.models import Account
from billing.stripe.current import is_live
from billing.stripe.errors import StripeError, StripeNotConfigured, StripeRefused
from billing.stripe.gateway import Gateway
from invoicing.dunning import hold
from invoicing.models import OPEN, Invoice
from paying.models import Collection, Intent
from paying.money import pushing
from paying.money.asking import ask_stripe
from paying.money.beginning import LOOK_AGAIN, begin, rest, withdraw_other
from paying.money.methods import NotedMeanwhile, note_method, noted_method
from paying.money.settling import settle_intent
from paying.records import TAKEN, CollectionStatus, IntentStatus, Mode, Purpose
from paying.telling import tell_failed

log = structlog.get_logger(__name__)

S = CollectionStatus
PAUSES: Final = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
"""Between the attempts after a decline; after the last one it is given up."""
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
    try:
        pushing.withdraw_outdated(stripe=stripe, now=now)
    except StripeError as error:
        log.warning("not_withdrawn", reason=error.reason)
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
    method = read_method(row.account, stripe=stripe, now=now)
    withdraw_other(row.account, invoice_id, stripe=stripe, now=now)
    intent = begin(invoice_id=invoice_id, payment_method=method, now=now)
    if intent is None:
        return
    try:
        attempt(intent, stripe=stripe, now=now)
    except StripeRefused as error:
        note_refusal(invoice_id=invoice_id, reason=error.reason, now=now)
    else:
        follow_intent(intent_id=intent.id, now=now)


def read_method(account: Account, *, stripe: Gateway, now: datetime) -> str:
    """Return the card on file as Stripe has it, and note it. Where another was noted meanwhile
    what we read is older, and the attempt begins anew.
    """
    if not account.stripe_customer_id:
        return ""
    before = noted_method(account.pk)
    customer = stripe.customer(customer_id=account.stripe_customer_id)
    method = customer.payment_method if customer and not customer.is_deleted else ""
    if method != before:
        with suppress(NotedMeanwhile):
            note_method(account_id=account.pk, payment_method=method, before=before, now=now)
    return method


def attempt(intent: Intent, *, stripe: Gateway, now: datetime) -> None:
    """Ask Stripe for what the row says, and take over what became of it. Raises StripeError."""
    if intent.purpose == Purpose.PUSHED:
        pushed = pushing.push(intent, stripe=stripe, now=now)
        pushing.settle_push(intent_id=intent.id, state=pushed, now=now)
    else:
        state = ask_stripe(intent, stripe=stripe, now=now)
        settle_intent(intent_id=intent.id, state=state, now=now)


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
        rest(row, S.CARRIED)
    else:
        rest(row, S.GIVEN_UP)
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
    elif intent.purpose in TAKEN and row.status in {S.DUE, S.WAITING}:
        _follow_open(row, intent, now=now)
        if intent.status == IntentStatus.DECLINED:
            tell_failed(intent, now=account.frozen_time or now)
    row.save()


def _follow_open(row: Collection, intent: Intent, *, now: datetime) -> None:
    row.failure = intent.failure
    if intent.status in {IntentStatus.OPEN, IntentStatus.PROCESSING}:
        row.status, row.due_at = S.WAITING, now + LOOK_AGAIN
    elif intent.purpose == Purpose.PUSHED and intent.status == IntentStatus.CANCELED:
        rest(row, S.GIVEN_UP)  # somebody ended it at Stripe
    elif intent.status in {IntentStatus.DECLINED, IntentStatus.CANCELED}:
        if noted_method(intent.account_id) not in {"", intent.payment_method}:
            row.status, row.due_at, row.attempts = S.DUE, now, 0  # a new card came meanwhile
            return
        row.attempts += 1
        row.tell_at = now
        if intent.failure == NEEDS_CUSTOMER or row.attempts > len(PAUSES):
            rest(row, S.GIVEN_UP)
        else:
            row.status, row.due_at = S.DECLINED, now + PAUSES[row.attempts - 1]
