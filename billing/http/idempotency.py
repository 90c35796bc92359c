"""`Idempotency-Key`: the first answer that did or decided something is kept, and replayed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest

from billing.kernel import errors as domain
from billing.kernel.errors import invalid
from billing.kernel.locks import number_of
from billing.models import IdempotentAnswer

KEPT_FOR: Final = timedelta(hours=24)
PATH_LENGTH: Final = 1024
KEPT_ERRORS: Final = frozenset({402, 403, 404, 409, 412})
NEVER_KEPT: Final = (domain.IdempotencyConflict, domain.IdempotencyInProgress)


class Replay(Exception):
    """The request was answered before: here is that answer."""

    def __init__(self, kept: IdempotentAnswer) -> None:
        self.kept = kept
        super().__init__()


@dataclass
class Once:
    """One keyed request. `@service` calls `open` and `close` around the work."""

    caller: str
    method: str
    path: str
    key: str
    fingerprint: str
    now: datetime
    render: Callable[[Any], tuple[int, bytes, dict[str, str]]] | None = None
    kept: bool = field(default=False)

    def look(self) -> None:
        """Raise Replay with the kept answer, or IdempotencyConflict where the body was another."""
        found = IdempotentAnswer.objects.filter(
            caller=self.caller,
            method=self.method,
            path=self.path,
            key=self.key,
            created_at__gt=self.now - KEPT_FOR,
        ).first()
        if found is None:
            return
        if found.fingerprint != self.fingerprint:
            raise domain.IdempotencyConflict
        raise Replay(found)

    def open(self) -> None:
        """Take the key for this transaction; raise what an earlier use of it decided."""
        identity = f"{self.caller}\n{self.method}\n{self.path}\n{self.key}"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number_of(identity)])
            row = cursor.fetchone()
        if row is None or not row[0]:
            raise domain.IdempotencyInProgress
        self.look()

    def close(self, result: Any) -> None:
        """Keep the answer in the transaction of the work."""
        if self.render is not None and not self.kept:
            self.keep(*self.render(result))

    def keep(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Write the answer; an older one past its day gives way."""
        IdempotentAnswer.objects.bulk_create(
            [
                IdempotentAnswer(
                    caller=self.caller,
                    method=self.method,
                    path=self.path,
                    key=self.key,
                    fingerprint=self.fingerprint,
                    status=status,
                    body=body,
                    headers=headers,
                    created_at=self.now,
                )
            ],
            update_conflicts=True,
            unique_fields=["caller", "key", "method", "path"],
            update_fields=["fingerprint", "status", "body", "headers", "created_at"],
        )
        self.kept = True

    def keep_refusal(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Keep a refusal that decided something, in a transaction of its own."""
        with transaction.atomic():
            try:
                self.open()
            except (Replay, *NEVER_KEPT):
                return
            self.keep(status, body, headers)


def once_for(request: HttpRequest, *, caller: str, now: datetime) -> Once | None:
    """Return the keyed request; None where there is no key. Raises InvalidRequest for a bad key."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise invalid("Idempotency-Key", "must have 1 to 255 printable characters")
    asked = request.META.get("QUERY_STRING", "").encode() + b"\n" + request.body
    return Once(
        caller=caller,
        method=request.method,
        path=short_path(request.path),
        key=key,
        fingerprint=hashlib.sha256(asked).hexdigest(),
        now=now,
    )


def short_path(path: str) -> str:
    """Return the path; of one that is too long to be stored, its hash: no such thing is real."""
    if len(path) <= PATH_LENGTH and "\x00" not in path:
        return path
    return "sha256:" + hashlib.sha256(path.encode()).hexdigest()


def sweep(*, now: datetime) -> int:
    """Delete what is past its 24 hours, in bounded batches; return how many."""
    deleted = 0
    while True:
        ids = IdempotentAnswer.objects.filter(created_at__lte=now - KEPT_FOR).values("pk")[:5000]
        count, _ = IdempotentAnswer.objects.filter(
            pk__in=list(ids.values_list("pk", flat=True))
        ).delete()
        deleted += count
        if count < 5000:
            return deleted


def decode(kept: IdempotentAnswer) -> Any:
    """Return a kept answer's JSON, or None where it had no body."""
    body = bytes(kept.body)
    return json.loads(body) if body else None
