"""The way from an id of Stripe's to its page in Stripe's dashboard."""

from __future__ import annotations

from typing import Any, Final

from django.utils.html import format_html

from billing.admin import formatting
from billing.stripe.current import is_live

DASHBOARD: Final = "https://dashboard.stripe.com"


def dashboard_url(page: str, name: str, *, livemode: bool) -> str:
    """Return the address of an object; `page` is the word of its kind, such as customers."""
    return f"{DASHBOARD}/{'' if livemode else 'test/'}{page}/{name}"


def stripe_link(page: str, name: str) -> Any:
    """Link an object of the account whose key is set; nothing for none."""
    if not name:
        return formatting.NONE
    url = dashboard_url(page, name, livemode=is_live())
    return format_html('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>', url, name)
