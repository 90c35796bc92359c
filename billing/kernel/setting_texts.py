"""How the texts of settings are read: each returns the value, or raises ValueError with why."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from stdnum import bic as bank_codes
from stdnum import iban as bank_accounts
from stdnum.exceptions import ValidationError

from billing.kernel.countries import is_country


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    if value not in {"0", "1"}:
        raise ValueError("must be 0 or 1")
    return value == "1"


def comma_list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError("must have at least 32 characters; `openssl rand -hex 32` makes one")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    return parts.scheme in schemes and bool(parts.hostname) and port != 0


def url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and not _is_url(value, schemes):
            begins = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"must be a URL that begins with {begins}")
        return value

    return parse


def algorithms(value: str) -> tuple[str, ...]:
    chosen = comma_list(value)
    if not chosen or not set(chosen) <= {"HS256", "RS256", "ES256"}:
        raise ValueError("must name HS256, RS256 or ES256, separated by commas")
    return chosen


def networks(value: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part)) for part in comma_list(value))
    except ValueError:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None


def country(value: str) -> str:
    if not is_country(value):
        raise ValueError("must be a country of ISO 3166-1 alpha-2, such as DE")
    return value


def zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return value


def bank_account(value: str) -> str:
    try:
        return bank_accounts.validate(value) if value else ""
    except ValidationError:
        raise ValueError("must be an IBAN with right check digits") from None


def bank_code(value: str) -> str:
    try:
        return bank_codes.validate(value) if value else ""
    except ValidationError:
        raise ValueError("must be a BIC of 8 or 11 characters") from None


def stripe_key(value: str) -> str:
    if value and not value.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise ValueError("must be a secret key: it begins with sk_ or rk_, and test_ or live_")
    return value


def webhook_secrets(value: str) -> tuple[str, ...]:
    secrets = comma_list(value)
    if any(one.startswith(("sk_", "rk_", "pk_", "we_")) for one in secrets):
        raise ValueError("must be the signing secrets of webhook endpoints, such as whsec_…")
    return secrets


def stripe_version(value: str) -> str:
    if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?", value):
        raise ValueError("must be a version of Stripe's API, such as 2026-08-26.dahlia")
    return value


def return_urls(value: str) -> tuple[str, ...]:
    places = comma_list(value)
    if not all(_is_url(one, ("https", "http")) and "?" not in one for one in places):
        raise ValueError("must be addresses that begin with https:// or http://, without a query")
    return places
