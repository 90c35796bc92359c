"""Whether Stripe sent a body: its signature, made of the raw bytes and a time.

`t=1700000000,v1=5257a8…,v1=…`: HMAC-SHA256 of "<t>.<body>" under the endpoint's secret. While a
secret is rotated there are several, on either side; one that fits is enough.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from billing.stripe.errors import SignatureRefused

TOLERANCE_SECONDS: Final = 300
LONGEST_HEADER: Final = 4096


def require_signature(
    body: bytes, header: str | None, secrets: Sequence[str], *, now: datetime
) -> None:
    """Raise SignatureRefused unless one of the secrets signed this body within the tolerance."""
    if not header or len(header) > LONGEST_HEADER:
        raise SignatureRefused(reason="it is missing" if not header else "it is too long")
    stamp, signatures = _parts(header)
    if abs(int(now.timestamp()) - int(stamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused(reason=f"it was made more than {TOLERANCE_SECONDS} s from now")
    signed = stamp.encode() + b"." + body
    expected = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in secrets]
    # Every pair is compared, each in constant time.
    fits = [hmac.compare_digest(e.encode(), s.encode()) for e in expected for s in signatures]
    if not any(fits):
        raise SignatureRefused(reason="no secret of ours made it")


def _parts(header: str) -> tuple[str, list[str]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    stamp = stamps[0] if len(stamps) == 1 else ""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise SignatureRefused(reason="it has no time")
    if not signatures:
        raise SignatureRefused(reason="it has no v1 signature")
    return stamp, signatures
