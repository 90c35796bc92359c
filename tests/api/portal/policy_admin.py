"""Who may do what in surface A's administration: method, path, body, who may."""

from __future__ import annotations

from typing import Any, Final

ADMINS: Final = "admin key:admin"
POLICY: Final[list[tuple[str, str, Any, str]]] = [
    ("get", "/admin/tiers", None, ADMINS),
    ("put", "/admin/tiers/{tier}/default", {}, ADMINS),
    ("get", "/admin/billing/status", None, ADMINS),
    ("get", "/admin/customers", None, ADMINS),
    ("get", "/admin/customer/{customer}", None, ADMINS),
]
