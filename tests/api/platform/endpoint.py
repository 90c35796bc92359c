"""One endpoint as the tests of bad input see it: its valid body, the kinds of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.client import BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method and a path, which names things of the scene: {tenant}, {plan}, {subscription} ….

    `body` is accepted as it is. Fields in brackets are nested: charges[0].unitPrice. `by` says who
    of the scene asks: admin (billing_admin), owner (of the customer), person (of no customer).
    """

    method: str
    path: str
    base: str = BASE
    by: str = "admin"
    body: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    decimals: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def stranger(self) -> tuple[int, str]:
        """What a good caller that may not is told."""
        if self.by == "owner":
            return 404, "NO_CUSTOMER"
        if "{center}" in self.path or "{rule}" in self.path:
            return 404, "NOT_FOUND"
        if "{webhook}" in self.path or "{alert}" in self.path:
            return 404, "NOT_FOUND"  # another tenant's
        if "{subscription}" in self.path and not self.path.endswith(("/discount", "/credits")):
            return 404, "NOT_FOUND"  # another tenant's; where only admins may, it is not looked for
        if self.path.endswith("/payment-intent"):
            return 404, "NOT_FOUND"
        named = "{tenant}" in self.path or self.path.startswith("/stripe/")
        return 403, "TENANT_MISMATCH" if named else "FORBIDDEN"
