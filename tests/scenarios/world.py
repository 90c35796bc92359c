"""A customer's life through the public API: the world that scenario tests live in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings
from django.test import Client

BASE = "/api/v1/billing"
T_TIERS = [
    {"upTo": "1000", "unitPrice": "0.02"},
    {"upTo": "5000", "unitPrice": "0.015", "flatFee": "3.00"},
    {"upTo": None, "unitPrice": "0.01"},
]


def token(*roles: str, user: str | None = None) -> str:
    """Sign a token as the system's own issuer would. Tokens stay on real time."""
    claims = {
        "sub": user or str(uuid4()),
        "roles": list(roles),
        "exp": int((datetime.now(UTC) + timedelta(hours=1)).timestamp()),  # noqa: TID251
    }
    return jwt.encode(claims, settings.BILLING["JWT_SECRET"], algorithm="HS256")


ADVANCES = 20
Status = int | tuple[int, ...] | None


@dataclass
class World:
    """Calls the API as billing_admin, and fails loudly where an answer is not the expected one."""

    client: Client = field(default_factory=Client)
    bearer: str = field(default_factory=lambda: token("billing_admin"))
    clock: str = ""
    tenant: str = ""

    def call(
        self, method: str, path: str, body: Any = None, *, status: Status = None, **headers: str
    ) -> Any:
        given = {"Authorization": f"Bearer {self.bearer}", **headers}
        kwargs: dict[str, Any] = {"headers": given}
        if body is not None:
            kwargs |= {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(self.client, method)(BASE + path, **kwargs)
        wanted = status or {"post": (200, 201)}.get(method, (200, 204))
        allowed = (wanted,) if isinstance(wanted, int) else wanted
        assert response.status_code in allowed, (response.status_code, response.content[:2000])
        is_json = response.get("Content-Type", "").startswith("application/json")
        return response.json() if is_json and response.content else response

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.call("get", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.call("post", path, {} if body is None else body, **kwargs)

    def begin(self, at: str, **tenant: Any) -> str:
        """Freeze time at `at` and make a tenant there; return the tenant's id."""
        self.clock = self.post("/test-clocks", {"frozenTime": at})["id"]
        given = {"name": "Acme", "testClockId": self.clock, **tenant}
        self.tenant = self.post("/tenants", given)["id"]
        return self.tenant

    def advance(self, to: str) -> None:
        """Go there; on a slow machine that takes more than one request."""
        where, answer = f"/test-clocks/{self.clock}/advance", {"status": ""}
        for _ in range(ADVANCES):
            answer = self.post(where, {"frozenTime": to}, status=(200, 202))
            if answer["status"] == "READY":
                break
        assert answer["status"] == "READY"

    def plan(self, **fields: Any) -> str:
        """Make a plan and return its code."""
        code = f"plan-{uuid4().hex[:12]}"
        given = {
            "code": code,
            "name": "Pro",
            "currency": "USD",
            "interval": "MONTH",
            "price": "30.00",
            **fields,
        }
        self.post("/plans", given, status=201)
        return code

    def subscribe(self, plan: str, **fields: Any) -> Any:
        path = f"/tenants/{self.tenant}/subscriptions"
        return self.post(path, {"planId": plan, **fields}, status=201)

    def subscription(self) -> Any:
        return self.get(f"/tenants/{self.tenant}/subscription")

    def use(self, metric: str, quantity: str = "1", **fields: Any) -> Any:
        event = {"metricType": metric, "quantity": quantity, **fields}
        return self.post(f"/tenants/{self.tenant}/usage", event)

    def preview(self) -> Any:
        return self.get(f"/tenants/{self.tenant}/billing/preview")

    def invoices(self, query: str = "") -> list[Any]:
        """Return the tenant's invoices, oldest first."""
        found = self.get(f"/tenants/{self.tenant}/invoices?size=100&direction=asc{query}")
        rows: list[Any] = found["data"]
        return rows


def amounts(invoice: Any) -> list[tuple[str, str]]:
    """Return (type, amount) of an invoice's or a preview's lines."""
    return [(line["type"], line["amount"]) for line in invoice["lines"]]
