"""Words in place of a person's: the same for the same, and nobody can say whose.

They are made with a random key that lives for as long as the work does. Each carries a check, so
that work which begins anew knows its own words and leaves them as they are.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "erased:"
_LENGTH: Final = 32
_CHECK: Final = 8


def new_key() -> str:
    """Make a key: 256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def pseudonym(text: str, key: str) -> str:
    """Return the word for a text: empty for an empty one, itself for one that is such a word."""
    if not text or is_pseudonym(text, key):
        return text
    body = _digest("of " + text, key)[:_LENGTH]
    return PREFIX + body + _check(body, key)


def is_pseudonym(text: str, key: str) -> bool:
    """Say whether this key made the word."""
    body, check = text[len(PREFIX) : -_CHECK], text[-_CHECK:]
    shaped = text.startswith(PREFIX) and len(text) == len(PREFIX) + _LENGTH + _CHECK
    return shaped and hmac.compare_digest(check.encode(), _check(body, key).encode())


def _check(body: str, key: str) -> str:
    return _digest("check " + body, key)[:_CHECK]


def _digest(text: str, key: str) -> str:
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()
