"""The settings that an operator gives by environment variables: read once, checked at start.

`SETTINGS` is the whole list; `docs/guide/settings.md` shows it and a test compares the two.
A wrong value stops the process with one line for each: the variable, the rule, its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from billing.kernel.setting_texts import (
    algorithms,
    bank_account,
    bank_code,
    comma_list,
    country,
    flag,
    networks,
    one_of,
    return_urls,
    secret,
    stripe_key,
    stripe_version,
    text,
    url,
    webhook_secrets,
    whole,
    zone,
)


class SettingsError(SystemExit):
    """The environment is not usable. Its message has one line for each variable that is wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: how it is read, what stands where it is not given."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str


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
        "BILLING_PORT",
        whole(1, 65535),
        "8087",
        "Where browsers reach the web without TLS: the links of mails. `bin/up` sets it.",
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
        "Days that usage events are kept and deduplicated; older ones are rejected, and deleted "
        "each night. Invoices and counts stay.",
    ),
    Setting("BILLING_PAYMENT_TERM_DAYS", whole(0, 365), "14", "Days from issue to due date."),
    Setting(
        "STRIPE_SECRET_KEY",
        stripe_key,
        "",
        "Your Stripe account's secret or restricted key. Empty: Stripe is not used.",
    ),
    Setting(
        "STRIPE_WEBHOOK_SECRET",
        webhook_secrets,
        "",
        "The signing secrets of our webhook endpoints at Stripe, separated by commas.",
    ),
    Setting(
        "STRIPE_API_HOST",
        url("https", "http"),
        "https://api.stripe.com",
        "Where Stripe's API is. Another address serves for tests and proxies.",
    ),
    Setting(
        "STRIPE_API_VERSION",
        stripe_version,
        "2026-08-26.dahlia",
        "The version of Stripe's API that we speak.",
    ),
    Setting(
        "STRIPE_RETURN_URLS",
        return_urls,
        "",
        "Where a browser may be sent from Stripe's pages: addresses, each with all below it, "
        "separated by commas. Empty: any https address, and http on this machine.",
    ),
    Setting(
        "STRIPE_CATALOGUE",
        one_of("STRIPE", "OURS", "OFF"),
        "STRIPE",
        "Who leads the catalogue: Stripe's prices become plans, ours become prices, or neither.",
    ),
    Setting(
        "STRIPE_MIRROR",
        one_of("AUTO", "ON", "OFF"),
        "AUTO",
        "Whether Stripe's objects are copied into tables to read. AUTO: where a key is set.",
    ),
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
    Setting(
        "BILLING_PIN_WORKERS",
        flag,
        "0",
        "1: each web process stays on one core. `bin/up` sets it where there are as many as cores.",
    ),
    Setting(
        "BILLING_STREAMS",
        whole(0, 1000),
        "16",
        "Streams of costs that a web process may have open: each has a thread of its own.",
    ),
    Setting(
        "BILLING_STREAMS_PER_TENANT",
        whole(0, 1000),
        "4",
        "Streams of costs that a tenant may have open in a web process.",
    ),
    Setting(
        "BILLING_STREAM_SECONDS",
        whole(1, 3600),
        "600",
        "How long a stream of costs is; its listener then comes back.",
    ),
    Setting(
        "BILLING_BUDGET_WARNING_PERCENT",
        whole(1, 100),
        "80",
        "From so many percent of a cost center's budget on it is told that it is nearly spent.",
    ),
    Setting("SELLER_NAME", text, "Example Seller Ltd", "The seller on invoices."),
    Setting(
        "SELLER_ADDRESS",
        text,
        "1 Example Street|10115 Berlin|DE",
        "Its address, lines parted by |.",
    ),
    Setting("SELLER_COUNTRY", country, "DE", "Its country, ISO 3166 alpha-2."),
    Setting("SELLER_STREET", text, "", "For electronic invoices: the first line of its address."),
    Setting("SELLER_POSTAL_CODE", text, "", "Its postal code."),
    Setting("SELLER_CITY", text, "", "Its city. Empty: the lines of SELLER_ADDRESS are taken."),
    Setting("SELLER_REGION", text, "", "Its state, province or county, where it has one."),
    Setting("SELLER_TAX_ID", text, "", "Its tax id, such as DE136695976."),
    Setting("SELLER_REGISTRATION", text, "", "Its number in a commercial register, printed."),
    Setting(
        "SELLER_TAX_EXEMPTION",
        text,
        "",
        "Where set, no tax is charged at all (a small business), and invoices print this reason.",
    ),
    Setting(
        "SELLER_TIMEZONE", zone, "UTC", "Where an invoice's issue date is read from the clock."
    ),
    Setting("SELLER_EMAIL", text, "billing@example.com", "Where buyers ask about an invoice."),
    Setting("SELLER_BANK", text, "", "The name of its bank, printed."),
    Setting("SELLER_IBAN", bank_account, "", "The account to pay to, printed on what is due."),
    Setting("SELLER_BIC", bank_code, "", "That account's bank."),
    Setting("INVOICE_PAPER", one_of("A4", "LETTER"), "A4", "The paper of invoice PDFs."),
    Setting(
        "INVOICE_LANGUAGE", one_of("en", "de"), "en", "The language of invoice PDFs and mails."
    ),
    Setting(
        "BILLING_INVOICE_MAILS", flag, "0", "1: tenants get a mail for each invoice, once final."
    ),
    Setting(
        "BILLING_MAIL_TEST_CLOCKS",
        flag,
        "0",
        "1: mails of tenants on test clocks are sent too. Otherwise they are written and held.",
    ),
    Setting(
        "BILLING_WEBHOOK_NETWORKS",
        networks,
        "",
        "Networks such as 10.1.0.0/16 that webhooks may be sent to beside public addresses.",
    ),
    Setting(
        "BILLING_WEBHOOK_LOG_DAYS",
        whole(4, 3660),
        "30",
        "Days that events and their deliveries to webhooks are kept.",
    ),
    Setting(
        "BILLING_SLACK_URL",
        url("https", "http"),
        "",
        "Your own Slack's incoming webhook, for alerts with `notifySlack: true`.",
    ),
    Setting("EMAIL_HOST", text, "", "The SMTP server. Empty: mails are written to the log."),
    Setting("EMAIL_PORT", whole(1, 65535), "587", "Its port."),
    Setting("EMAIL_USER", text, "", "Its user. Empty: no sign-in."),
    Setting("EMAIL_PASSWORD", text, "", "That user's password."),
    Setting(
        "EMAIL_SECURITY",
        one_of("STARTTLS", "TLS", "NONE"),
        "STARTTLS",
        "How the connection is encrypted. NONE is for a server on this machine.",
    ),
    Setting("EMAIL_FROM", text, "billing@example.com", "The sender of mails."),
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
