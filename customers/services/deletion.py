"""Deleting a customer: recorded and without roles at once, then carried through by workers.

First Stripe is told, and confirms; then what names a person is erased, part by part; the record of
the customer goes last. See the README's table of what happens when either side dies.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.accounts.erasing import close
from billing.accounts.keys import revoke_keys_of
from billing.kernel import jobs
from billing.kernel.erasure import DELETION_REQUESTED
from billing.kernel.errors import NotFound, TenantNotFound
from billing.kernel.services import service
from billing.metering.pseudonyms import new_key
from billing.models import Account, LockedAccount
from billing.subscriptions.closing import end_all
from customers.models import Customer, CustomerDeletion, DeletionStatus, Membership, Role
from customers.services.members import actor_of, lock_customer

TASK = "customers.carry_deletion"


@service
def delete_customer(
    *, customer_id: UUID, actor_id: UUID, with_stripe: bool, now: datetime
) -> CustomerDeletion:
    """Record the deletion, for the owner. From the commit on nobody has a role, nothing is written
    for the customer any more and nothing will be invoiced. Raises NoCustomer, Forbidden.
    """
    account = lock_customer(customer_id, actor_id)
    actor_of(account, actor_id, Role.OWNER)
    return _record(account, with_stripe=with_stripe, now=now)


@service
def delete_any_customer(*, customer_id: UUID, with_stripe: bool, now: datetime) -> CustomerDeletion:
    """Record the deletion, for staff; where it was recorded before, let it go on at once.

    Raises NotFound where the record is gone, or never was there.
    """
    try:
        account = Account.objects.lock(customer_id, even_closed=True)
    except TenantNotFound:
        raise NotFound(noun="customer") from None
    if not Customer.objects.filter(pk=account.id).exists():
        raise NotFound(noun="customer")
    begun = CustomerDeletion.objects.filter(pk=account.id).first()
    if begun is None:
        return _record(account, with_stripe=with_stripe, now=now)
    begun.ask_again(now=now)
    begun.save()
    jobs.enqueue(TASK, account_id=account.id)
    return begun


def _record(account: LockedAccount, *, with_stripe: bool, now: datetime) -> CustomerDeletion:
    audit.record(action=DELETION_REQUESTED, account_id=account.id, subject=account.id, now=now)
    known = []
    for each in lock_all(account):
        end_all(each, now=each.frozen_time or now)
        revoke_keys_of(each, now=now)
        close(each, now=now)
        known.append(each.stripe_customer_id)
    Membership.objects.filter(customer_id=account.id).delete()
    told = sorted({name for name in known if name}) if with_stripe else []
    deletion = CustomerDeletion(
        account=account, stripe_customer_ids=told, due_at=now, requested_at=now
    )
    if not told:
        deletion.begin_erasing(key=new_key(), now=now)
    deletion.save(force_insert=True)
    jobs.enqueue(TASK, account_id=account.id)
    return deletion


def lock_all(account: LockedAccount) -> list[LockedAccount]:
    """Lock the accounts of the customer whose own is locked: its own first, the others by id."""
    ids = Account.objects.filter(customer_id=account.id).exclude(pk=account.id).order_by("pk")
    others = list(ids.values_list("pk", flat=True))
    return [account, *(Account.objects.lock(each, even_closed=True) for each in others)]


def lock_deletion(account: LockedAccount) -> CustomerDeletion | None:
    """Return the deletion of a locked account: its lock guards it."""
    return CustomerDeletion.objects.filter(pk=account.id).first()


@service
def confirm_stripe_deletion(*, stripe_customer_id: str, now: datetime) -> CustomerDeletion | None:
    """Take note that Stripe has deleted a customer; once all are, the record's erasing begins.

    Returns None where no deletion waits for it. Said twice, the second time changes nothing.
    """
    waiting = CustomerDeletion.objects.filter(stripe_customer_ids__contains=[stripe_customer_id])
    found = waiting.first()
    if found is None:
        return None
    account = Account.objects.lock(found.account_id, even_closed=True)
    deletion = lock_deletion(account)
    if deletion is not None:
        note_gone(deletion, [stripe_customer_id], now=now)
        deletion.save()
        jobs.enqueue(TASK, account_id=account.id)
    return deletion


def note_gone(deletion: CustomerDeletion, gone: list[str], *, now: datetime) -> None:
    """Take ids off the list; with the last one the erasing begins."""
    left = [name for name in deletion.stripe_customer_ids if name not in gone]
    deletion.stripe_customer_ids = left
    before = {DeletionStatus.REQUESTED, DeletionStatus.AWAITING, DeletionStatus.PARKED}
    if not left and deletion.status in before:
        deletion.begin_erasing(key=new_key(), now=now)
