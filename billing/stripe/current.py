"""Which Stripe this process asks: none without a key; in tests, a fake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from billing.stripe.gateway import Gateway, guarded
from billing.stripe.null import NullGateway

_instead: list[Gateway] = []
_clients: dict[tuple[str, ...], Gateway] = {}


def gateway() -> Gateway:
    """Return the gateway that the settings choose: Stripe's API, where there is a key."""
    if _instead:
        return guarded(_instead[-1])
    given = settings.BILLING
    if not given["STRIPE_SECRET_KEY"]:
        return guarded(NullGateway())
    chosen = (given["STRIPE_SECRET_KEY"], given["STRIPE_API_HOST"], given["STRIPE_API_VERSION"])
    if chosen not in _clients:
        from billing.stripe.client import StripeGateway  # noqa: PLC0415  half a second, at need

        _clients[chosen] = StripeGateway(key=chosen[0], host=chosen[1], version=chosen[2])
    return guarded(_clients[chosen])


def is_live() -> bool:
    """Whether our key moves real money: a test event is none of its own, and the other way."""
    return "_live_" in settings.BILLING["STRIPE_SECRET_KEY"]


@contextmanager
def using(instead: Gateway) -> Iterator[None]:
    """Ask another one meanwhile, in every thread of this process: for tests."""
    _instead.append(instead)
    try:
        yield
    finally:
        _instead.pop()
