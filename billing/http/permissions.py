"""Who may do what on surface B: one table of needs, one function that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from billing.accounts.known import known_account, stored_account
from billing.http.callers import Caller, Scope
from billing.kernel.errors import Forbidden, TenantMismatch, TenantNotFound
from billing.models import Account

OWNER, TEAM_ADMIN = 0, 1


class Need(StrEnum):
    """What an endpoint takes of its caller."""

    OPEN = "nothing: no credentials are looked at"
    CALLER = "any authenticated caller"
    READ = "a member of the tenant's customer, or the scope billing:read"
    MANAGE = "an admin or the owner of the tenant's customer"
    OWN = "the owner of the tenant's customer"
    RECORD = "the role service, or a key with usage:write"
    ASK = "a member of the tenant's customer, a service, or the scope billing:read or usage:write"
    ADMIN = "the role billing_admin"


def _role_at_most(caller: Caller, account: Account | None, role: int) -> bool:
    membership = caller.membership
    if membership is None or account is None or membership.role > role:
        return False
    return membership.customer_id in {account.customer_id, account.id}


def _reads(caller: Caller, account: Account | None) -> bool:
    if not caller.has_scope(Scope.BILLING_READ, Scope.BILLING_WRITE, Scope.ADMIN):
        return False
    bound_key = caller.key_id is not None and caller.tenant_id is not None
    return caller.is_platform_admin or bound_key or _role_at_most(caller, account, 2)


def _writes(role: int) -> Callable[[Caller, Account | None], bool]:
    def allowed(caller: Caller, account: Account | None) -> bool:
        if caller.is_admin:
            return True
        return caller.has_scope(Scope.BILLING_WRITE, Scope.ADMIN) and (
            _role_at_most(caller, account, role)
        )

    return allowed


def _records(caller: Caller, _account: Account | None) -> bool:
    if caller.is_admin:
        return True
    return caller.is_service if caller.key_id is None else caller.has_scope(Scope.USAGE_WRITE)


RULES: Final[Mapping[Need, Callable[[Caller, Account | None], bool]]] = {
    Need.OPEN: lambda _caller, _account: True,
    Need.CALLER: lambda _caller, _account: True,
    Need.READ: _reads,
    Need.MANAGE: _writes(TEAM_ADMIN),
    Need.OWN: _writes(OWNER),
    Need.RECORD: _records,
    Need.ASK: lambda caller, account: _reads(caller, account) or _records(caller, account),
    Need.ADMIN: lambda caller, _account: caller.is_admin,
}


def require(caller: Caller, need: Need, account: Account | None = None) -> None:
    """Raise Forbidden, naming what it takes, unless the caller may."""
    if not RULES[need](caller, account):
        raise Forbidden(needed=need.value)


def reaches(caller: Caller, account: Account) -> bool:
    """Say whether the tenant is the caller's at all, whatever it may do there."""
    if caller.is_unbound:
        return True
    if caller.tenant_id is not None and (caller.is_service or caller.key_id is not None):
        return caller.tenant_id == account.id
    return _role_at_most(caller, account, 2)


def account_for(caller: Caller, account_id: UUID, need: Need) -> Account:
    """Return the tenant's account, for a caller that may.

    Raises TenantMismatch for a tenant that is unknown or another's, alike; TenantNotFound to
    those who may know; Forbidden where the tenant is the caller's and the deed is not.
    """
    find = known_account if need is Need.RECORD else stored_account
    account = find(account_id)
    if account is None:
        raise TenantNotFound if caller.is_unbound else TenantMismatch
    if not reaches(caller, account):
        raise TenantMismatch
    require(caller, need, account)
    return account


class Nobody(BasePermission):
    """The default of every DRF view that forgot to say who may: nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False
