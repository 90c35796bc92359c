"""No Stripe: where no key is configured, all that does not need it works."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from billing.stripe.errors import StripeNotConfigured
from billing.stripe.gateway import Gateway


class _Null:
    """Says no, whatever is asked."""

    is_configured = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _refuse


def _refuse(**_asked: object) -> NoReturn:
    raise StripeNotConfigured


def NullGateway() -> Gateway:  # noqa: N802  it stands where a class did
    """Return the gateway that has nobody behind it."""
    return cast("Gateway", _Null())
