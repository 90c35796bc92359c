"""Signing as Stripe does."""

from __future__ import annotations

import hashlib
import hmac

from billing.kernel import clock

SECRET = "whsec_first"


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> str:
    stamp = at if at is not None else int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
