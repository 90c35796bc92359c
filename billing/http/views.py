"""The base of surface B's views: tenancy comes from here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from billing.http.base import SurfaceView
from billing.http.permissions import Need, account_for, require
from billing.kernel.errors import invalid
from billing.kernel.ids import UUID_FORM
from billing.models import Account


@lru_cache(maxsize=2_000)
def path_id(text: str, name: str) -> UUID:
    """Read an id of the path. Raises InvalidRequest (400) naming it."""
    if not UUID_FORM.fullmatch(text):
        raise invalid(name, "must be a UUID")
    return UUID(text)


class PlatformView(SurfaceView):
    """A path of surface B. `needs` says what each method takes; one without a need is refused."""

    def authorise(self, need: Need, kwargs: dict[str, Any]) -> None:
        """Refuse all but billing_admin here; tenants' needs are looked at with their account."""
        if need is Need.ADMIN:
            if not self.caller.is_platform_admin:
                self.refuse_stranger(kwargs)
            require(self.caller, Need.ADMIN)  # an admin's key may lack the scope

    def refuse_stranger(self, kwargs: dict[str, Any]) -> None:
        """Refuse a tenant of the path that is not the caller's first: TENANT_MISMATCH."""
        if "tenant_id" in kwargs:
            self.account(kwargs["tenant_id"])

    def account(self, tenant_id: str, need: Need | None = None) -> Account:
        """Return the tenant's account for this caller and method, or refuse it."""
        return account_for(self.caller, path_id(tenant_id, "tenantId"), need or self.need)
