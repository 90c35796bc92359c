"""The base of surface A's views: who belongs to which customer, and as what, comes from here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from billing.http.base import SurfaceView
from billing.http.callers import Caller, MembershipLike, Scope
from billing.kernel.errors import Forbidden, NoCustomer

OWNER, ADMIN, USER = 0, 1, 2


class PortalNeed(StrEnum):
    """What an endpoint of surface A takes of its caller."""

    OPEN = "nothing: no credentials are looked at"
    PERSON = "a user's own token or key"
    MEMBER = "a member of a customer: its owner, an admin or a user"
    TEAM_ADMIN = "the owner or an admin of a customer"
    OWNER = "the owner of a customer"
    ADMIN = "the role billing_admin"
    SERVICE = "the role service, or a key with usage:write"


LEAST_ROLE: Final[Mapping[PortalNeed, int]] = {
    PortalNeed.MEMBER: USER,
    PortalNeed.TEAM_ADMIN: ADMIN,
    PortalNeed.OWNER: OWNER,
}
READ_SCOPES: Final = (Scope.BILLING_READ, Scope.BILLING_WRITE, Scope.ADMIN)
WRITE_SCOPES: Final = (Scope.BILLING_WRITE, Scope.ADMIN)


def scopes_of(need: PortalNeed, method: str) -> tuple[Scope, ...]:
    """Return the scopes of which an API key needs one: reading takes less than changing."""
    if need is PortalNeed.OPEN:
        return ()
    if need is PortalNeed.ADMIN:
        return (Scope.ADMIN,)
    if need is PortalNeed.SERVICE:
        return (Scope.USAGE_WRITE, Scope.ADMIN)
    return READ_SCOPES if method in {"GET", "HEAD", "OPTIONS"} else WRITE_SCOPES


def require_portal(caller: Caller, need: PortalNeed, method: str) -> None:
    """Raise Forbidden, naming what it takes, unless the caller may; NoCustomer without a team."""
    if need is PortalNeed.OPEN:
        return
    if not caller.has_scope(*scopes_of(need, method)):
        raise Forbidden(needed=f"a key with one of {', '.join(scopes_of(need, method))}")
    if need is PortalNeed.ADMIN and not caller.is_admin:
        raise Forbidden(needed=need.value)
    if need is PortalNeed.SERVICE and not (_by_key(caller) or caller.is_service or caller.is_admin):
        raise Forbidden(needed=need.value)
    if need is PortalNeed.PERSON and caller.user_id is None:
        raise Forbidden(needed=need.value)
    if need in LEAST_ROLE and membership_of(caller).role > LEAST_ROLE[need]:
        raise Forbidden(needed=need.value)


def _by_key(caller: Caller) -> bool:
    return caller.key_id is not None and caller.has_scope(Scope.USAGE_WRITE)


def membership_of(caller: Caller) -> MembershipLike:
    """Return the caller's membership. Raises NoCustomer where there is none."""
    if caller.membership is None:
        raise NoCustomer
    return caller.membership


class PortalView(SurfaceView):
    """A path of surface A. `needs` says what each method takes; one without a need is refused."""

    def authorise(self, need: PortalNeed, kwargs: dict[str, Any]) -> None:
        require_portal(self.caller, need, str(self.request.method))

    @property
    def membership(self) -> MembershipLike:
        """The caller's membership: of which customer, as what. Raises NoCustomer."""
        return membership_of(self.caller)

    @property
    def user_id(self) -> UUID:
        """Who calls, where the need is a person's."""
        user_id = self.caller.user_id
        assert user_id is not None, "a membership is a user's"
        return user_id
