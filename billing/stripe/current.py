"""Which Stripe this process asks: none without a key; in tests, a fake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.module_loading import import_string

from billing.stripe.gateway import Gateway, Guarded
from billing.stripe.null import NullGateway

_instead: list[Gateway] = []


def gateway() -> Gateway:
    """Return the gateway that the settings choose: STRIPE_GATEWAY, where there is a key."""
    if _instead:
        return Guarded(_instead[-1])
    name = settings.STRIPE_GATEWAY
    chosen: Gateway = (
        import_string(name)() if name and settings.BILLING["STRIPE_SECRET_KEY"] else (NullGateway())
    )
    return Guarded(chosen)


@contextmanager
def using(instead: Gateway) -> Iterator[None]:
    """Ask another one meanwhile, in every thread of this process: for tests."""
    _instead.append(instead)
    try:
        yield
    finally:
        _instead.pop()
