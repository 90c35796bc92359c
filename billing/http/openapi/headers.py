"""Headers that operations share: of requests and of answers."""

from __future__ import annotations

from typing import Any, Final

TEXT: Final = {"type": "string"}
HEADERS: Final[dict[str, Any]] = {
    "x-error": {"description": "The message, as one line of printable ASCII.", "schema": TEXT},
    "x-error-id": {
        "description": "MD5 of the error's constant message: equal errors share it.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "x-request-id": {"description": "The id of this request, also in the logs.", "schema": TEXT},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": TEXT},
    "Retry-After": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Idempotent-Replayed": {
        "description": "`true` where this answer was kept from the first request with this key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
# Headers of a few operations, described where they were met.
OWN_HEADERS: Final[dict[str, Any]] = {
    "Content-Disposition": {"description": "The name of the file.", "schema": TEXT},
    "ETag": {"description": "Names these bytes: for `If-None-Match`.", "schema": TEXT},
}
PARAMETERS: Final[dict[str, Any]] = {
    "RequestId": {
        "in": "header",
        "name": "x-request-id",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/+=-]{1,128}$"},
        "description": "Your own id of this request; it is answered and logged. None: we make one.",
    },
    "IdempotencyKey": {
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "Sent again within 24 hours, the same request is done once and answered as "
        "the first time, with `Idempotent-Replayed: true`; another request under it is a 409.",
    },
}
