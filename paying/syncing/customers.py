"""`customer.*`: linked, its payment method noted, or gone."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import audit
from billing.kernel.services import service
from billing.models import Account
from billing.stripe.gateway import Gateway
from billing.stripe.values import CustomerState
from customers.services.deletion import confirm_stripe_deletion
from paying.buying.linking import link_account
from paying.models import Profile
from paying.money.methods import NotedMeanwhile, note_method
from paying.syncing import drifting
from paying.syncing.done import NOT_OURS, Done, account_of

READINGS: Final = 3


def sync_customer(customer_id: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over what Stripe has of a customer now.

    A checkout may note its card between our asking and our writing. What we read is older then, so
    we read again: written down, it would make that card look new, and have a decline tried twice.
    """
    account = account_of(customer_id)
    for _ in range(READINGS):
        known = Profile.objects.filter(account__stripe_customer_id=customer_id).first()
        state = stripe.customer(customer_id=customer_id)
        if state is None or state.is_deleted:
            return _gone(customer_id, now=now)
        account = account or _link_lost(state, now=now)
        if account is None:
            return NOT_OURS
        before = known.payment_method if known and known.pk == account.id else ""
        with suppress(NotedMeanwhile):
            changed = note_method(
                account_id=account.id, payment_method=state.payment_method, before=before, now=now
            )
            outcome = "another payment method" if changed else "as we know it"
            return Done(outcome, account.id, "active", drift=drifting.of_customer(account, state))
    account_id = account.id if account else None
    return Done("another payment method was noted meanwhile", account_id, "active")


def _gone(customer_id: str, *, now: datetime) -> Done:
    deletion = confirm_stripe_deletion(stripe_customer_id=customer_id, now=now)
    if deletion is not None:
        return Done("the deletion is confirmed", deletion.pk, "deleted")
    account = account_of(customer_id)
    if account is None:
        return NOT_OURS
    unlink(account_id=account.id, customer_id=customer_id, now=now)
    return Done("deleted at Stripe: no longer linked", account.id, "deleted")


@service
def unlink(*, account_id: UUID, customer_id: str, now: datetime) -> None:
    """Forget a customer that somebody deleted at Stripe: what is due is asked for by mail again."""
    account = Account.objects.lock(account_id, even_closed=True)
    if account.stripe_customer_id != customer_id:
        return
    account.stripe_customer_id = ""
    account.save(update_fields=["stripe_customer_id"])
    Profile.objects.filter(pk=account.id).update(payment_method="")
    audit.record(
        action="account.unlinked_from_stripe",
        account_id=account.id,
        subject=account.id,
        before={"customer": customer_id},
        now=now,
    )


def _link_lost(state: CustomerState, *, now: datetime) -> Account | None:
    """Link a customer that was made for an account of ours, whose answer we never got."""
    if state.reference is None:
        return None
    rows = Account.objects.select_related("test_clock").filter(closed_at__isnull=True)
    account = rows.filter(pk=state.reference, stripe_customer_id="").first()
    if account is None:
        return None
    link_account(account_id=account.id, customer_id=state.id, now=now)
    return account
