"""Callers of a running system: each with credentials, each failure looked at for its shape."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.e2e.system import System

API = "/api/billing/v1"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any


@dataclass(frozen=True)
class Person:
    """Somebody with credentials of one of the two kinds."""

    system: System
    headers: dict[str, str]
    id: str

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        place = path if path.startswith("/api/") else API + path
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.system.port}{place}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self.headers, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                content, status, headers = response.read(), response.status, response.headers
        except urllib.error.HTTPError as error:
            content, status, headers = error.read(), error.code, error.headers
        return Answer(status, json.loads(content) if content else None, headers)

    def does(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Send, and stop where the answer has another status, or a failure another shape."""
        answer = self.ask(method, path, body)
        if answer.status != status:
            sys.exit(f"seeds: {method} {path}: {answer.status} is not {status}: {answer.body}")
        if status >= 400:
            require_shape(f"{method} {path}", answer)
        return answer.body


def require_shape(what: str, answer: Answer) -> None:
    """Stop where a failure lacks the headers and the body that every failure has."""
    error = answer.body["error"]
    digest = answer.headers["x-error-id"]
    is_digest = len(digest) == 32 and set(digest) <= set("0123456789abcdef")
    is_whole = answer.headers["x-error"] and is_digest and error["code"] and error["message"]
    if not is_whole or error["requestId"] != answer.headers["x-request-id"]:
        sys.exit(f"seeds: {what}: {answer.body} {answer.headers}")


def person(system: System, *roles: str) -> Person:
    """Make somebody with a bearer token, signed as whoever signs people in does it."""
    user, now = str(uuid4()), int(time.time())
    secret = json.loads((system.data / "secrets.json").read_text())["jwt_secret"]
    said = {"sub": user, "roles": list(roles), "iat": now, "exp": now + 3600}
    parts = [_coded(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, said)]
    seal = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    token = ".".join([*parts, _coded(seal)])
    return Person(system, {"Authorization": f"Bearer {token}"}, user)


def _coded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def with_key(of: Person, scope: str) -> Person:
    """Let the same person come with an API key."""
    said = of.system.command("bin/manage", "apikey", "--user", of.id, "--scope", scope)
    found = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    return Person(of.system, {name: found[name] for name in ("api-key", "api-secret")}, of.id)
