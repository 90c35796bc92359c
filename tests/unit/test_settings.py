"""The environment: one clear line for each variable that is wrong, none of its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import environment
from config.environment import SETTINGS, SettingsError

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "DATABASE_URL": "postgresql://billing:pw@db/billing",
    "REDIS_URL": "redis://queue:6379/0",
    "SECRET_KEY": "k" * 32,
    "JWT_SECRET": "j" * 32,
}


def complaints(**given: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        environment.read({**NEEDED, **given})
    return str(refused.value).split("\n")


def test_what_is_needed_is_enough() -> None:
    values = environment.read(NEEDED)

    assert set(values) == {setting.name for setting in SETTINGS}
    assert values["BILLING_GRACE_SECONDS"] == 3600
    assert values["BILLING_RETENTION_DAYS"] == 400
    assert values["BILLING_PAYMENT_TERM_DAYS"] == 14
    assert values["JWT_ALGORITHMS"] == ("HS256",)
    assert values["BILLING_TEST_CLOCKS"] is False
    assert values["INVOICE_PAPER"] == "A4"


def test_every_missing_variable_has_its_line() -> None:
    with pytest.raises(SettingsError) as refused:
        environment.read({})

    lines = str(refused.value).split("\n")
    assert [line.split(" is not set. ")[0] for line in lines] == list(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
def test_an_empty_variable_is_not_set(name: str) -> None:
    [line] = complaints(**{name: " "})

    assert line.startswith(f"{name} is not set. ")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("DATABASE_URL", "mysql://u:secret@db/x", "must be a URL that begins with postgres"),
        ("DATABASE_URL", "postgresql:///x", "must be a URL that begins with postgres"),
        ("DATABASE_URL", "postgresql://u:secret@db:port/x", "must be a URL that begins with"),
        ("DATABASE_URL", "postgresql://u:secret@[::1/x", "must be a URL that begins with"),
        ("MIGRATE_DATABASE_URL", "secret", "must be a URL that begins with postgres"),
        ("REDIS_URL", "http://secret", "must be a URL that begins with redis:// or rediss://"),
        ("SECRET_KEY", "secret", "must have at least 32 characters"),
        ("JWT_SECRET", "j" * 31, "must have at least 32 characters"),
        ("JWT_ALGORITHMS", "none", "must name HS256, RS256 or ES256"),
        ("JWT_ALGORITHMS", "", "must name HS256, RS256 or ES256"),
        ("JWT_JWKS_URL", "ftp://secret", "must be a URL that begins with https:// or http://"),
        ("BILLING_TEST_CLOCKS", "yes", "must be 0 or 1"),
        ("BILLING_SECURE", "true", "must be 0 or 1"),
        ("BILLING_GRACE_SECONDS", "-1", "must be a whole number from 0 to 2592000"),
        ("BILLING_GRACE_SECONDS", "1_000", "must be a whole number from 0 to 2592000"),
        ("BILLING_GRACE_SECONDS", "٣", "must be a whole number from 0 to 2592000"),
        ("BILLING_RETENTION_DAYS", "0", "must be a whole number from 1 to 3660"),
        ("BILLING_PAYMENT_TERM_DAYS", "1.5", "must be a whole number from 0 to 365"),
        ("SELLER_COUNTRY", "EL", "must be a country of ISO 3166-1 alpha-2"),
        ("SELLER_TIMEZONE", "Mars/Base", "must be a time zone such as Europe/Berlin"),
        ("SELLER_IBAN", "DE88370400440532013000", "must be an IBAN with right check digits"),
        ("SELLER_BIC", "COBA", "must be a BIC of 8 or 11 characters"),
        ("INVOICE_PAPER", "a4", "must be one of A4, LETTER"),
        ("LOG_LEVEL", "TRACE", "must be one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_wrong_value_is_one_line_that_does_not_repeat_it(
    name: str, value: str, rule: str
) -> None:
    [line] = complaints(**{name: value})

    assert line.startswith(f"{name} {rule}")
    assert "secret" not in line
    assert line.endswith(".")


def test_foreign_signatures_need_the_issuers_keys() -> None:
    [line] = complaints(JWT_ALGORITHMS="HS256,RS256")

    assert line == "JWT_JWKS_URL is not set, and JWT_ALGORITHMS names RS256 or ES256."


def test_several_wrong_values_are_said_at_once() -> None:
    lines = complaints(LOG_LEVEL="x", BILLING_SECURE="x", SECRET_KEY="x")

    assert [line.split(" ")[0] for line in lines] == ["SECRET_KEY", "BILLING_SECURE", "LOG_LEVEL"]


def test_the_guides_table_is_the_code() -> None:
    text = (ROOT / "docs/guide/settings.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]

    assert rows == [row_of(setting) for setting in SETTINGS]


def row_of(setting: environment.Setting) -> str:
    meaning = setting.meaning.replace("|", "\\|")
    return f"| `{setting.name}` | {shown_default(setting.default)} | {meaning} |"


def shown_default(default: str | None) -> str:
    if default is None:
        return "needed"
    return f"`{default}`".replace("|", "\\|") if default else "empty"
