"""Links to Stripe's own dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.stripe.current import is_live

PLACES: Final[Mapping[str, str]] = {
    "cus": "customers",
    "pi": "payments",
    "ch": "payments",
    "in": "invoices",
    "sub": "subscriptions",
    "evt": "events",
    "dp": "disputes",
    "du": "disputes",
    "py": "payments",
    "price": "prices",
    "prod": "products",
    "plan": "products",
}


def at_stripe(name: str | None) -> SafeString | str:
    """Link one of Stripe's ids to its page in the dashboard, in our key's mode."""
    if not name:
        return formatting.NONE
    place = PLACES.get(name.partition("_")[0])
    if place is None:
        return formatting.code(name)
    mode = "" if is_live() else "test/"
    address = f"https://dashboard.stripe.com/{mode}{place}/{name}"
    return format_html('<a href="{}" rel="noopener" target="_blank">{}</a>', address, name)
