"""Who is calling: what a token or a key says, and what it lets its holder do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

ADMIN: Final = "billing_admin"
SERVICE: Final = "service"
PLATFORM_ROLES: Final = frozenset({ADMIN, SERVICE})


class Scope(StrEnum):
    """What an API key may do, within what its user may."""

    USAGE_WRITE = "usage:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    ADMIN = "admin"


class MembershipLike(Protocol):
    """A user's one membership: of which customer, as what (0 owner, 1 admin, 2 user)."""

    customer_id: UUID
    role: int


@dataclass(eq=False)
class Caller:
    """The authenticated party. `scopes` is None for a token: it may all that its roles allow.

    `tenant_id` binds a service (by its token's claim, or its key) to one tenant.
    """

    user_id: UUID | None
    roles: frozenset[str]
    tenant_id: UUID | None = None
    scopes: frozenset[str] | None = None
    key_id: UUID | None = None
    is_authenticated: bool = field(default=True, init=False)
    name: str = field(init=False)
    """Who this is, for audit and idempotency: a key acts under its own name."""
    is_service: bool = field(init=False)
    is_platform_admin: bool = field(init=False)
    """Reaches every tenant; what it may do there depends on its scopes too."""
    is_admin: bool = field(init=False)
    is_unbound: bool = field(init=False)
    """Told of unknown tenants by a 404; everyone else can't tell unknown from another's."""

    def __post_init__(self) -> None:
        self.name = f"key:{self.key_id}" if self.key_id else f"user:{self.user_id}"
        self.is_service = SERVICE in self.roles
        self.is_platform_admin = ADMIN in self.roles
        self.is_admin = self.is_platform_admin and self.has_scope(Scope.ADMIN)
        self.is_unbound = self.is_platform_admin or (self.is_service and self.tenant_id is None)

    def anew(self) -> Caller:
        """Return the same for another request, which looks its membership up itself."""
        other = object.__new__(Caller)
        other.__dict__.update(self.__dict__)
        other.__dict__.pop("membership", None)
        return other

    def has_scope(self, *scopes: Scope) -> bool:
        return self.scopes is None or not self.scopes.isdisjoint(scopes)

    @cached_property
    def membership(self) -> MembershipLike | None:
        if self.user_id is None:
            return None
        found: MembershipLike | None = import_string(settings.BILLING_MEMBERSHIPS)(
            user_id=self.user_id
        )
        return found
