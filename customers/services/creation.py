"""Making a customer, here and at Stripe: a saga, resumed by whoever asks again.

A row says what is to be made and under which id. Stripe is asked between two transactions, under a
key derived from the row; the last transaction makes all of our side. See the README's table of
what happens when either side dies.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from billing.accounts import audit
from billing.catalog.queries import default_version
from billing.kernel import jobs
from billing.kernel.constraints import refusing
from billing.kernel.errors import ServiceUnavailable
from billing.kernel.services import service, step
from billing.models import Account, PlanVersion
from billing.stripe.errors import (
    StripeKeySpent,
    StripeNotConfigured,
    StripeRefused,
    StripeUnavailable,
)
from billing.stripe.gateway import KEYS_KEPT_FOR, Gateway, Party
from billing.subscriptions.services import add_subscription
from customers.errors import AlreadyMember
from customers.models import (
    OPEN_CREATIONS,
    CreationStatus,
    Customer,
    CustomerCreation,
    Membership,
    Role,
)
from tenants.services import add_tenant

STALE_AFTER: Final = timedelta(hours=1)
"""An attempt is given up after so long without another one: far longer than Stripe may take."""

SEARCH_LAGS: Final = timedelta(minutes=10)
"""What Stripe has just made is not found yet. Where it may have made something it is looked for
after so long; Stripe speaks of a minute.
"""


def create_customer(
    *, user_id: UUID, email: str, name: str, address: dict[str, str], stripe: Gateway, now: datetime
) -> Customer:
    """Make a customer whose owner is the user, and subscribe it to the default tier.

    Raises AlreadyMember, NoDefaultTier, StripeError: after that one neither side has half a
    customer for good, and asking again goes on with what was begun.
    """
    wanted = {"email": email, "name": name, "address": address}
    try:
        creation = _begun(user_id, wanted, stripe, now=now)
    except StripeKeySpent:  # another row has another key
        creation = _begun(user_id, wanted, stripe, now=now)
    try:
        return finish_creation(creation_id=creation.id, now=now)
    except AlreadyMember:
        abandon_creation(creation_id=creation.id, now=now)
        raise


def _begun(
    user_id: UUID, wanted: dict[str, Any], stripe: Gateway, *, now: datetime
) -> CustomerCreation:
    """Return what is to be finished: recorded, and made at Stripe where Stripe is used."""
    creation = open_creation(
        user_id=user_id, wanted=wanted, with_stripe=stripe.is_configured, now=now
    )
    if stripe.is_configured:
        _link_to_stripe(creation, stripe, now=now)
    return creation


@step
def open_creation(
    *, user_id: UUID, wanted: dict[str, Any], with_stripe: bool, now: datetime
) -> CustomerCreation:
    """Record what is to be made, or go on with what the user has begun. The user's are in a line.

    Raises AlreadyMember, NoDefaultTier, StripeNotConfigured, ServiceUnavailable.
    """
    if Membership.objects.filter(user_id=user_id).exists():
        raise AlreadyMember
    default_version()
    fresh = CustomerCreation(
        user_id=user_id, asked=wanted, wanted=wanted, due_at=now + STALE_AFTER, created_at=now
    )
    CustomerCreation.objects.bulk_create([fresh], ignore_conflicts=True)
    rows = CustomerCreation.objects.select_for_update().filter(user_id=user_id)
    creation = rows.filter(status__in=OPEN_CREATIONS).first()
    if creation is None:  # it ended while we waited for it
        if Membership.objects.filter(user_id=user_id).exists():
            raise AlreadyMember
        raise ServiceUnavailable
    if creation.attempts and not with_stripe:
        raise StripeNotConfigured  # its customer may be there: it is undone before another is made
    if creation.attempts == 0:
        creation.asked = wanted
    creation.wanted = wanted
    creation.attempts += with_stripe
    creation.due_at = now + STALE_AFTER
    creation.save()
    return creation


def _link_to_stripe(creation: CustomerCreation, stripe: Gateway, *, now: datetime) -> None:
    """Have Stripe's customer made, remember it, and tell Stripe what the newest request says."""
    try:
        made = creation.stripe_customer_id or _make_at_stripe(creation, stripe, now=now)
        if not link_creation(creation_id=creation.id, stripe_customer_id=made, now=now):
            raise StripeUnavailable
        if creation.wanted != creation.asked:
            stripe.update_customer(
                customer_id=made,
                party=Party(**creation.wanted),
                idempotency_key=f"customer-creation:{creation.id}:say:{_digest(creation.wanted)}",
            )
    except StripeRefused:
        abandon_creation(creation_id=creation.id, now=now)  # the next request begins anew
        raise
    except StripeKeySpent:
        abandon_creation(creation_id=creation.id, now=now, undone_after=SEARCH_LAGS)
        raise


def _make_at_stripe(creation: CustomerCreation, stripe: Gateway, *, now: datetime) -> str:
    """Make it once. A key that Stripe may have forgotten is not trusted: it is looked for first."""
    if now - creation.created_at >= KEYS_KEPT_FOR / 2:
        found = stripe.find_customers(reference=creation.account_id)
        if found:
            return found[0]
    return stripe.create_customer(
        reference=creation.account_id,
        party=Party(**creation.asked),
        idempotency_key=f"customer-creation:{creation.id}:make",
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


@step
def link_creation(*, creation_id: UUID, stripe_customer_id: str, now: datetime) -> bool:
    """Remember Stripe's customer. False: the creation was given up meanwhile, and it is undone."""
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    if creation.status == CreationStatus.OPEN:
        creation.link(stripe_customer_id)
    elif creation.status in {CreationStatus.ABANDONED, CreationStatus.UNDONE}:
        if creation.status == CreationStatus.UNDONE:
            creation.abandon(due_at=now)
        creation.stripe_customer_id, creation.due_at = stripe_customer_id, now
        jobs.enqueue("customers.undo_creation", creation_id=creation.id)
    creation.save()
    return creation.status in {CreationStatus.LINKED, CreationStatus.DONE}


@service
def finish_creation(*, creation_id: UUID, now: datetime) -> Customer:
    """Make account, tenant, customer, owner and subscription: all or nothing.

    Raises AlreadyMember, NoDefaultTier; StripeUnavailable where it was given up meanwhile.
    """
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    if Membership.objects.filter(user_id=creation.user_id).exists():
        raise AlreadyMember
    if creation.status not in OPEN_CREATIONS:
        raise StripeUnavailable
    customer = _make(creation, default_version(), now=now)
    creation.finish()
    creation.save()
    return customer


def _make(creation: CustomerCreation, version: PlanVersion, *, now: datetime) -> Customer:
    wanted = Party(**creation.wanted)
    tenant = add_tenant(
        account_id=creation.account_id,
        customer_id=creation.account_id,
        name=wanted.name,
        currency=version.currency,
        details={"billing_email": wanted.email, "address": dict(wanted.address) or None},
        now=now,
    )
    account = Account.objects.lock(tenant.account_id)
    account.stripe_customer_id = creation.stripe_customer_id
    account.save(update_fields=["stripe_customer_id"])
    customer = Customer.objects.create(
        account=account, name=wanted.name, email=wanted.email, created_at=now
    )
    with refusing(membership_once_per_user=AlreadyMember()):
        Membership.objects.create(
            customer=customer, user_id=creation.user_id, role=Role.OWNER, created_at=now
        )
    add_subscription(account, version, now=now)
    audit.record(action="customer.created", account_id=account.id, subject=account.id, now=now)
    return customer


@step
def abandon_creation(
    *, creation_id: UUID, now: datetime, undone_after: timedelta = timedelta()
) -> None:
    """Give an open creation up: what Stripe has of it will be deleted, at once or after a while."""
    creation = CustomerCreation.objects.select_for_update().get(pk=creation_id)
    if creation.status in OPEN_CREATIONS:
        creation.abandon(due_at=now + undone_after)
        creation.save()
        if not undone_after:
            jobs.enqueue("customers.undo_creation", creation_id=creation.id)
