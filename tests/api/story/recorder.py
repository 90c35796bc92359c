"""Speaks to the API on a time that only the story moves, and keeps what was said."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import time_machine
from django.test import Client

from tests.scenarios.world import BASE, token

USER = UUID("019a2f6e-8c1b-7a40-b2c9-000000000001")
CURSOR = "MTc3MzE0Mzg4MDAwMDAwMC4xMDAwMA"
BEGINNING = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PORTAL = "/api/billing/v1"
OPEN = (
    *("/healthz", "/readyz"),
    *(f"{PORTAL}/limits/ip", f"{PORTAL}/limits/usage/ip", f"{PORTAL}/stripe/webhook"),
)
KEPT_HEADERS = (
    "Content-Disposition",
    "Content-Type",
    "ETag",
    "Idempotent-Replayed",
    "Retry-After",
    "WWW-Authenticate",
    "x-error",
    "x-error-id",
)


class Counted:
    """Stands for `urandom` where ids are made: the same story has the same ids every time."""

    def __init__(self) -> None:
        self.numbers: Iterator[int] = iter(())
        self.begin()

    def begin(self, seed: str = "") -> None:
        """Begin a request: its ids do not depend on how many the one before it took."""
        self.seed = seed
        self.numbers = iter(range(1, 10_000))

    def __call__(self, size: int) -> bytes:
        number = next(self.numbers)
        return hashlib.sha256(f"{self.seed} {number}".encode()).digest()[-size:]


class Story:
    """Calls, as billing_admin where nothing else is said; each call takes a second."""

    def __init__(self, ids: Counted, time: time_machine.Traveller) -> None:
        self.ids, self.time = ids, time
        self.client = Client()
        self.admin = {"Authorization": f"Bearer {long_token('billing_admin')}"}
        self.kept: dict[str, list[dict[str, Any]]] = {}

    def at(self, moment: str) -> None:
        """Let time pass."""
        self.time.move_to(datetime.fromisoformat(moment))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Any:
        """Send a request that is no example. Fails where the answer is not the expected one."""
        self.time.shift(timedelta(seconds=1))
        self.ids.begin(f"{method} {path} {json.dumps(body)}")
        sent = self.admin if headers is None else headers
        kwargs: dict[str, Any] = {"headers": sent}
        if method != "GET":
            kwargs["data"] = raw or (b"" if body is None else json.dumps(body).encode())
            kwargs["content_type"] = sent.get("Content-Type", "application/json")
        where = absolute(path)
        response = getattr(self.client, method.lower())(where, **kwargs)
        assert response.status_code == status, (where, response.status_code, response.content)
        return response

    def tell(
        self,
        operation: str,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request, keep it and its answer as an example, and return the answer's body."""
        given = {**self.admin, **(headers or {})}
        response = self.call(method, path, body, status=status, headers=given)
        request = asked(method, path, body, headers or {})
        self.keep(operation, name, request, response)
        return answered(response).get("body")

    def keep(self, operation: str, name: str, request: Any, response: Any) -> None:
        exchange = {"name": name, "request": request, "response": answered(response)}
        self.kept.setdefault(operation, []).append(exchange)


def absolute(path: str) -> str:
    """Return a path of surface B from its root on; those of surface A are told in full."""
    return path if path.startswith((PORTAL, "/healthz", "/readyz")) else BASE + path


def long_token(*roles: str) -> str:
    """Sign a token for the whole story."""
    with time_machine.travel(BEGINNING + timedelta(days=3650), tick=False):
        return token(*roles, user=str(USER))


def long_token_of(user: UUID) -> str:
    """Sign a token of a user without a platform role, for the whole story."""
    with time_machine.travel(BEGINNING + timedelta(days=3650), tick=False):
        return token(user=str(user))


def asked(method: str, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
    """Write a request down."""
    bare, _, query = path.partition("?")
    request: dict[str, Any] = {"method": method, "path": absolute(bare)}
    if bare.startswith(OPEN):
        request["credentials"] = False
    headers = {name: value for name, value in headers.items() if name != "Authorization"}
    if query:
        request["query"] = query
    if headers:
        request["headers"] = headers
    if body is not None:
        request["body"] = body
    return request


def answered(response: Any) -> dict[str, Any]:
    """Write an answer down, but for what the story does not decide.

    A PDF's digest depends on the machine's fonts, a cursor on what the database counted before.
    """
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    if "ETag" in headers:
        headers["ETag"] = re.sub(r"[0-9a-f]{64}", "5f0d7d1e" * 8, headers["ETag"])
    is_json = headers.pop("Content-Type", "") == "application/json"
    answer: dict[str, Any] = {"status": response.status_code}
    if headers:
        answer["headers"] = headers
    if is_json and response.content:
        answer["body"] = response.json()
        if answer["body"].get("nextCursor"):
            answer["body"]["nextCursor"] = CURSOR
    return answer


def write(kept: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Put each operation's examples into a file of its own; files of others go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        if old.stem not in kept:
            old.unlink()
    for operation, exchanges in kept.items():
        (folder / f"{operation}.json").write_text(as_text(exchanges), "utf-8")


def as_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
