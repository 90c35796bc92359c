"""Teams: who joins, leaves and may what. Each in one transaction, under the customer's lock."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import audit
from billing.kernel.constraints import refusing
from billing.kernel.errors import Forbidden, NoCustomer, NotFound, TenantNotFound
from billing.kernel.services import service
from billing.models import Account, LockedAccount
from billing.subscriptions.tiers import quota_value
from customers.errors import (
    AlreadyMember,
    MemberLimitReached,
    NotOnYourself,
    OwnerByTransfer,
    OwnerStays,
    RoleTooHigh,
)
from customers.models import Customer, Membership, Role

SEATS: Final = {"service_name": "billing", "feature_key": "members"}
UNLIMITED: Final = -1


@service
def add_member(
    *, customer_id: UUID, actor_id: UUID | None, user_id: UUID, role: Role, now: datetime
) -> Membership:
    """Let a user join. `actor_id` is the member who asks; None: staff, whom no seats bind.

    Raises OwnerByTransfer, RoleTooHigh, MemberLimitReached, AlreadyMember; NoCustomer or Forbidden
    where the actor is not, or not any more, who may; NotFound.
    """
    if role == Role.OWNER:
        raise OwnerByTransfer
    account = lock_customer(customer_id, actor_id)
    if actor_id is not None:
        _require_rank(actor_of(account, actor_id, Role.ADMIN), role)
        _require_seat(account)
    if Membership.objects.filter(user_id=user_id).exists():
        raise AlreadyMember
    with refusing(membership_once_per_user=AlreadyMember()):
        made = Membership.objects.create(
            customer_id=account.id, user_id=user_id, role=role, created_at=now
        )
    _record("member.added", made, now=now, after={"role": role.label})
    return made


@service
def change_role(
    *, customer_id: UUID, actor_id: UUID | None, user_id: UUID, role: Role, now: datetime
) -> Membership:
    """Make a user an admin, or an admin a user. `actor_id` None: staff.

    Raises NotOnYourself, OwnerByTransfer, NotFound, OwnerStays, RoleTooHigh; NoCustomer, Forbidden.
    """
    if user_id == actor_id:
        raise NotOnYourself(instead="your role is another's to change")
    if role == Role.OWNER:
        raise OwnerByTransfer
    account = lock_customer(customer_id, actor_id)
    actor = None if actor_id is None else actor_of(account, actor_id, Role.ADMIN)
    if actor is not None:
        _require_rank(actor, role)
    member = _member(account, user_id)
    if member.role == Role.OWNER:
        raise OwnerStays
    if actor is not None:
        _require_below(actor, member)
    before = Role(member.role).label
    member.role = role
    member.save(update_fields=["role"])
    _record(
        "member.role_changed", member, now=now, before={"role": before}, after={"role": role.label}
    )
    return member


@service
def remove_member(
    *, customer_id: UUID, actor_id: UUID | None, user_id: UUID, now: datetime
) -> None:
    """Take a member out of the team. `actor_id` None: staff.

    Raises NotOnYourself, NotFound, OwnerStays, RoleTooHigh; NoCustomer, Forbidden.
    """
    if user_id == actor_id:
        raise NotOnYourself(instead="use leave")
    account = lock_customer(customer_id, actor_id)
    actor = None if actor_id is None else actor_of(account, actor_id, Role.ADMIN)
    member = _member(account, user_id)
    if member.role == Role.OWNER:
        raise OwnerStays
    if actor is not None:
        _require_below(actor, member)
    _record("member.removed", member, now=now, before={"role": Role(member.role).label})
    member.delete()


@service
def leave_customer(*, customer_id: UUID, user_id: UUID, now: datetime) -> None:
    """Leave one's team. Raises OwnerStays, NoCustomer."""
    account = lock_customer(customer_id, user_id)
    member = actor_of(account, user_id, Role.USER)
    if member.role == Role.OWNER:
        raise OwnerStays
    _record("member.left", member, now=now, before={"role": Role(member.role).label})
    member.delete()


@service
def transfer_ownership(
    *, customer_id: UUID, actor_id: UUID, user_id: UUID, now: datetime
) -> Membership:
    """Make another member the owner; the old one becomes an admin, in the same transaction.

    Raises NotOnYourself, NotFound; NoCustomer, Forbidden.
    """
    if user_id == actor_id:
        raise NotOnYourself(instead="you are the owner already")
    account = lock_customer(customer_id, actor_id)
    owner = actor_of(account, actor_id, Role.OWNER)
    member = _member(account, user_id)
    before = Role(member.role).label
    # The old one first: at most one owner is held row by row, at least one at the commit.
    owner.role = Role.ADMIN
    owner.save(update_fields=["role"])
    member.role = Role.OWNER
    member.save(update_fields=["role"])
    _record(
        "member.made_owner",
        member,
        now=now,
        before={"role": before, "owner": str(owner.user_id)},
        after={"role": Role.OWNER.label},
    )
    return member


def lock_customer(customer_id: UUID, actor_id: UUID | None) -> LockedAccount:
    """Take the customer's lock. Raises NoCustomer to a member, NotFound to staff."""
    missing = NotFound(noun="customer") if actor_id is None else NoCustomer()
    try:
        account = Account.objects.lock(customer_id)
    except TenantNotFound:
        raise missing from None
    if not Customer.objects.filter(pk=account.id).exists():
        raise missing
    return account


def actor_of(account: LockedAccount, actor_id: UUID, least: Role) -> Membership:
    """Return who acts, as it is under the lock: what the request saw may be out of date.

    Raises NoCustomer, Forbidden.
    """
    found = Membership.objects.filter(customer_id=account.id, user_id=actor_id).first()
    if found is None:
        raise NoCustomer
    if found.role > least:
        raise Forbidden(needed=f"the role {least.label} of the customer")
    return found


def _member(account: LockedAccount, user_id: UUID) -> Membership:
    found = Membership.objects.filter(customer_id=account.id, user_id=user_id).first()
    if found is None:
        raise NotFound(noun="member")
    return found


def _require_rank(actor: Membership, role: Role) -> None:
    if role < actor.role:
        raise RoleTooHigh


def _require_below(actor: Membership, member: Membership) -> None:
    """An admin manages users; admins are the owner's."""
    if member.role <= actor.role:
        raise RoleTooHigh


def _require_seat(account: LockedAccount) -> None:
    """Raise MemberLimitReached where the tier's seats are taken; the owner has one too."""
    limit = quota_value(account.id, **SEATS)
    if limit is None or limit == UNLIMITED:
        return
    if Membership.objects.filter(customer_id=account.id).count() >= limit:
        raise MemberLimitReached(limit=limit)


def _record(
    action: str,
    member: Membership,
    *,
    now: datetime,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        action=action,
        account_id=member.customer_id,
        subject=member.user_id,
        before=before,
        after=after,
        now=now,
    )
