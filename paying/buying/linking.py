"""Making an account known to Stripe, once: for those that were not made together with it.

The row says what is asked for before it is asked, so that a repetition says the same under the
same key; past the time that Stripe keeps keys the customer is looked for first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from billing.accounts import audit
from billing.kernel.services import step
from billing.models import Account
from billing.stripe.errors import StripeKeySpent, StripeRefused
from billing.stripe.gateway import KEYS_KEPT_FOR, Gateway, Party
from paying.buying.saying import party_of
from paying.models import Profile
from tenants.models import Tenant


def ensure_customer(*, account_id: UUID, stripe: Gateway, now: datetime) -> str:
    """Return the account's customer at Stripe; make it where there is none.

    Raises TenantNotFound, StripeNotConfigured, StripeError: then asking again goes on.
    """
    known, asked, asked_at = _ask(account_id=account_id, now=now)
    if known:
        return known
    key = f"account:{account_id}:customer:{int(asked_at.timestamp() * 1_000_000)}"
    try:
        found = stripe.find_customers(reference=account_id) if _is_old(asked_at, now) else []
        made = (
            found[0]
            if found
            else stripe.create_customer(
                reference=account_id, party=Party(**asked), idempotency_key=key
            )
        )
    except (StripeRefused, StripeKeySpent):
        _forget(account_id=account_id)
        raise
    return link_account(account_id=account_id, customer_id=made, now=now)


def _is_old(asked_at: datetime, now: datetime) -> bool:
    return now - asked_at >= KEYS_KEPT_FOR / 2


@step
def _ask(*, account_id: UUID, now: datetime) -> tuple[str, dict[str, Any], datetime]:
    account = Account.objects.lock(account_id)
    if account.stripe_customer_id:
        return account.stripe_customer_id, {}, now
    profile, _ = Profile.objects.get_or_create(account=account)
    if profile.asked_at is None:
        party = party_of(Tenant.objects.get(account_id=account.id))
        profile.asked = {"email": party.email, "name": party.name, "address": dict(party.address)}
        profile.asked_at = now
        profile.save(update_fields=["asked", "asked_at"])
    assert profile.asked_at is not None, "it was set"
    return "", dict(profile.asked), profile.asked_at


@step
def _forget(*, account_id: UUID) -> None:
    """Nothing was made, and the next request says what is true then, under another key."""
    Account.objects.lock(account_id)
    Profile.objects.filter(pk=account_id).update(asked={}, asked_at=None)


@step
def link_account(*, account_id: UUID, customer_id: str, now: datetime) -> str:
    """Remember the account's customer; return the one that it has, where it was linked before."""
    account = Account.objects.lock(account_id)
    if not account.stripe_customer_id:
        account.stripe_customer_id = customer_id
        account.save(update_fields=["stripe_customer_id"])
        audit.record(
            action="account.linked_to_stripe",
            account_id=account.id,
            subject=account.id,
            after={"customer": customer_id},
            now=now,
        )
    Profile.objects.filter(pk=account_id).update(asked={}, asked_at=None)
    return account.stripe_customer_id
