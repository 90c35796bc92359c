"""Stripe's many exceptions, as our few errors. The second and last importer of the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
import structlog

from billing.stripe.errors import (
    StripeError,
    StripeKeyRefused,
    StripeKeySpent,
    StripeRefused,
    StripeUnavailable,
)

log = structlog.get_logger(__name__)


@contextmanager
def failing() -> Iterator[None]:
    """Raise what a request's failure means to us, without the words that Stripe said of it."""
    try:
        yield
    except stripe.StripeError as error:
        made = translated(error)
        log.warning(
            "stripe_failed",
            error=type(made).__name__,
            kind=type(error).__name__,
            reason=made.reason,
            status=error.http_status,
            request=error.request_id,
        )
        raise made from None


def translated(error: stripe.StripeError) -> StripeError:
    """Return one of ours. What is not known to be a refusal may be done, and is asked again.

    409 says that a request with this key is still running, 429 that we ask too fast; a key that
    was used for another request is a bug of ours, and is not asked again.
    """
    reason = error.code or type(error).__name__
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return StripeKeyRefused.because(reason)
    if isinstance(error, stripe.RateLimitError) or error.http_status in {409, 429}:
        return StripeUnavailable.because(reason)
    if isinstance(error, stripe.CardError | stripe.InvalidRequestError | stripe.IdempotencyError):
        return StripeRefused.because(reason)
    headers = {name.lower(): value for name, value in dict(error.headers or {}).items()}
    if headers.get("idempotent-replayed") == "true":
        return StripeKeySpent.because(reason)
    return StripeUnavailable.because(reason)
