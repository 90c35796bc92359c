"""A caller of the API in tests: signs its token, sends JSON, sees a 500 as callers do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from billing.kernel import clock

BASE = "/api/v1/billing"
PORTAL = "/api/billing/v1"


def token(*roles: str, sub: object = None, secret: str = "", **claims: Any) -> str:
    """Sign a token of an hour; `claims` add to it or replace what is there, None leaves out."""
    said: dict[str, Any] = {
        "sub": str(sub or uuid4()),
        "roles": list(roles),
        "exp": int(clock.now().timestamp()) + 3600,
        **claims,
    }
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, secret or settings.BILLING["JWT_SECRET"], algorithm="HS256")


@dataclass
class Api:
    """One caller. Methods return Django's response; `.json()` is its body."""

    headers: Mapping[str, str] = field(default_factory=dict)
    base: str = BASE

    @classmethod
    def on_portal(cls, *roles: str, **claims: Any) -> Api:
        """Make a caller of surface A."""
        return cls({"Authorization": f"Bearer {token(*roles, **claims)}"}, PORTAL)

    @classmethod
    def of(cls, *roles: str, **claims: Any) -> Api:
        return cls({"Authorization": f"Bearer {token(*roles, **claims)}"})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        base: str | None = None,
        **headers: str,
    ) -> HttpResponse:
        """Send. `raw` is sent as it is; a header's underscores are dashes: idempotency_key=…"""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = b"" if body is None else json.dumps(body).encode()
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        return client.generic(  # type: ignore[return-value]
            method,
            (self.base if base is None else base) + path,
            data if raw is None else raw,
            content_type=content_type,
            headers={**self.headers, **named},
        )

    def get(self, path: str, **kwargs: Any) -> HttpResponse:
        return self.send("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> HttpResponse:
        return self.send("POST", path, {} if body is None else body, **kwargs)

    def put(self, path: str, body: Any, **kwargs: Any) -> HttpResponse:
        return self.send("PUT", path, body, **kwargs)

    def patch(self, path: str, body: Any, **kwargs: Any) -> HttpResponse:
        return self.send("PATCH", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> HttpResponse:
        return self.send("DELETE", path, **kwargs)


def json_of(response: HttpResponse, status: int = 200) -> Any:
    """Return the body of an answer that must have this status."""
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def error_of(response: HttpResponse) -> tuple[int, str]:
    """Return (status, code) of a failure, which must have the shape that every failure has."""
    body = json.loads(response.content)
    error = body["error"]
    assert set(error) == {"code", "message", "details", "requestId"}
    assert response["x-error"].isascii()
    assert response["x-error"].isprintable()
    assert len(response["x-error-id"]) == 32
    assert response["x-request-id"] == error["requestId"]
    return response.status_code, error["code"]


def fields_of(response: HttpResponse) -> list[str]:
    """Return the names of the fields that a 400 complains of."""
    assert error_of(response) == (400, "INVALID_REQUEST")
    return [detail["field"] for detail in json.loads(response.content)["error"]["details"]]


def uuid_of(body: Any) -> UUID:
    return UUID(body["id"])
