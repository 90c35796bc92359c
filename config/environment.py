"""The settings that an operator gives by environment variables: read once, checked at start.

`SETTINGS` is the whole list; `docs/guide/settings.md` shows it and a test compares the two.
A wrong value stops the process with one line for each: the variable, the rule, its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit


class SettingsError(SystemExit):
    """The environment is not usable. Its message has one line for each variable that is wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: how it is read, what stands where it is not given."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str


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


POSTGRES = url("postgres", "postgresql")

SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("DATABASE_URL", POSTGRES, None, "Postgres 15 or newer, as the role that serves."),
    Setting(
        "MIGRATE_DATABASE_URL",
        POSTGRES,
        "",
        "The same database as the role that owns its tables, for `migrate`. Empty: DATABASE_URL.",
    ),
    Setting(
        "REDIS_URL",
        url("redis", "rediss"),
        None,
        "Valkey or Redis: the queue, its wake-ups, and the counts of rate limits.",
    ),
    Setting(
        "SECRET_KEY", secret, None, "Signs the back office's sessions. At least 32 characters."
    ),
    Setting("JWT_SECRET", secret, None, "Verifies HS256 tokens. At least 32 characters."),
    Setting("JWT_ALGORITHMS", algorithms, "HS256", "Accepted algorithms, separated by commas."),
    Setting("JWT_ISSUER", text, "", "Where set, a token's `iss` must be it."),
    Setting("JWT_AUDIENCE", text, "", "Where set, a token's `aud` must hold it."),
    Setting("JWT_JWKS_URL", url("https", "http"), "", "The issuer's keys, for RS256 and ES256."),
    Setting(
        "ALLOWED_HOSTS", comma_list, "localhost,127.0.0.1,[::1]", "Host names that we answer to."
    ),
    Setting(
        "CSRF_TRUSTED_ORIGINS", comma_list, "", "Origins of the back office behind another name."
    ),
    Setting(
        "BILLING_SECURE", flag, "0", "1: TLS stands in front; cookies are secure, HSTS is sent."
    ),
    Setting("BILLING_DATA_DIR", text, ".data", "Where collected static files are kept."),
    Setting("BILLING_TEST_CLOCKS", flag, "0", "1: test clocks may be made. Never in production."),
    Setting(
        "BILLING_GRACE_SECONDS",
        whole(0, 2_592_000),
        "3600",
        "Seconds after a period's end until its invoice is finalized: late events still join it.",
    ),
    Setting(
        "BILLING_RETENTION_DAYS",
        whole(1, 3660),
        "400",
        "Days that usage events are kept and deduplicated; older ones are rejected.",
    ),
    Setting("BILLING_PAYMENT_TERM_DAYS", whole(0, 365), "14", "Days from issue to due date."),
    Setting(
        "BILLING_TRUSTED_PROXIES",
        whole(0, 10),
        "0",
        "Proxies in front of us that add to X-Forwarded-For. 0: that header is not looked at.",
    ),
    Setting(
        "BILLING_RATE_LIMITS_FAIL_OPEN",
        flag,
        "0",
        "1: while Valkey is away rate limits let everything pass; 0: they answer 503.",
    ),
    Setting("SELLER_NAME", text, "Example Seller Ltd", "The seller on invoices."),
    Setting(
        "SELLER_ADDRESS",
        text,
        "1 Example Street|10115 Berlin|DE",
        "Its address, lines parted by |.",
    ),
    Setting("SELLER_COUNTRY", text, "DE", "Its country, ISO 3166 alpha-2."),
    Setting("SELLER_TAX_ID", text, "", "Its tax id."),
    Setting("SELLER_EMAIL", text, "billing@example.com", "Where buyers ask about an invoice."),
    Setting("INVOICE_PAPER", one_of("A4", "LETTER"), "A4", "The paper of invoice PDFs."),
    Setting(
        "LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "The least level logged."
    ),
)


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting by name.

    Raises SettingsError naming each variable that is missing or wrong: all of them, not the first.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for setting in SETTINGS:
        given = environ.get(setting.name, setting.default)
        if given is None or (setting.default is None and not given.strip()):
            wrong.append(f"{setting.name} is not set. {setting.meaning}")
            continue
        try:
            values[setting.name] = setting.parse(given)
        except ValueError as error:
            wrong.append(f"{setting.name} {error}. {setting.meaning}")
    if {"RS256", "ES256"} & set(values.get("JWT_ALGORITHMS", ())) and not values.get(
        "JWT_JWKS_URL"
    ):
        wrong.append("JWT_JWKS_URL is not set, and JWT_ALGORITHMS names RS256 or ES256.")
    if wrong:
        raise SettingsError("\n".join(wrong))
    return values
