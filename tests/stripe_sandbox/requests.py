"""What came in and what goes out, apart from sockets."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.stripe_sandbox import document
from tests.stripe_sandbox.errors import Refusal
from tests.stripe_sandbox.faults import Planned


@dataclass(slots=True)
class Asked:
    """`form` is the body of a POST, the query of a GET or DELETE."""

    method: str
    path: str
    form: str
    headers: Mapping[str, str]
    id: str = field(default_factory=lambda: f"req_{secrets.token_hex(7)}")

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key", "")

    def sameness(self) -> str:
        return f"{self.method} {self.path}\n{'&'.join(sorted(self.form.split('&')))}"

    def noted(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "form": self.form,
            "idempotency_key": self.key or None,
            "version": self.headers.get("stripe-version"),
        }

    def authenticate(self, key: str) -> None:
        """Raise Stripe's 401 unless our key came, as Bearer or as Basic's user."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        given = value.strip()
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        if not given:
            raise Refusal(401, "You did not provide an API key.")
        if not secrets.compare_digest(given.encode(), key.encode()):
            raise Refusal(401, f"Invalid API Key provided: {given[:8]}****{given[-4:]}")

    def check_version(self) -> None:
        """Raise a 400 for an API version that the document beside us does not describe."""
        given = self.headers.get("stripe-version", document.VERSION)
        if given != document.VERSION:
            raise Refusal(
                400, f"This sandbox speaks {document.VERSION}, not {given}: pin the same version."
            )

    def operation(self) -> tuple[str, tuple[str, ...]]:
        found = document.find(self.method, self.path)
        if found is None:
            raise Refusal(
                404, f"Unrecognized request URL ({self.method}: {self.path}).", code="url_invalid"
            )
        return found


@dataclass(slots=True)
class Said:
    """`began` is False where nothing was executed, so that no idempotency key keeps it."""

    status: int
    body: str
    began: bool = True
    replays: str = ""
    silence: Planned | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        return cls(refusal.status, json.dumps(refusal.body, indent=2), began=False)

    @classmethod
    def silent(cls, planned: Planned) -> Self:
        return cls(0, "", silence=planned)
