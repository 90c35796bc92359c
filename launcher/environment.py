"""The environment of Django's processes: the caller's, and ours where the caller gave none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.processes import RUN_VARIABLE
from launcher.secret_store import Secrets

# What would change which Python or which modules run, or what is only ours.
DROPPED = (
    "BILLING_ADMIN_PASSWORD",
    "BILLING_CALLER_DIR",
    "BILLING_PYTHON",
    RUN_VARIABLE,
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database and the queue are, ours or given."""

    database: str
    migrate_database: str
    redis: str


def given_addresses(environ: Mapping[str, str]) -> tuple[str, str, str]:
    """Return DATABASE_URL, MIGRATE_DATABASE_URL (else the former), REDIS_URL; "" if not given."""
    database = environ.get("DATABASE_URL", "")
    owner = environ.get("MIGRATE_DATABASE_URL", "") if database else ""
    return database, owner or database, environ.get("REDIS_URL", "")


def for_django(
    environ: Mapping[str, str],
    *,
    data: Path,
    secrets: Secrets,
    addresses: Addresses,
    settings: str,
) -> dict[str, str]:
    """Return the environment of web, worker, beat and `manage.py`.

    What the caller set goes on as it is: every setting, STRIPE_*, proxies. SECRET_KEY and
    JWT_SECRET of the caller win over the kept ones.
    """
    passed = {name: value for name, value in environ.items() if name not in DROPPED}
    if not environ.get("DATABASE_URL"):  # libpq would follow these to another server
        passed = {name: value for name, value in passed.items() if not name.startswith("PG")}
    ours = {
        "SECRET_KEY": environ.get("SECRET_KEY") or secrets.secret_key,
        "JWT_SECRET": environ.get("JWT_SECRET") or secrets.jwt_secret,
        "DATABASE_URL": addresses.database,
        "MIGRATE_DATABASE_URL": addresses.migrate_database,
        "REDIS_URL": addresses.redis,
        "BILLING_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONUNBUFFERED": "1",
    }
    return passed | ours


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without anything that would change what a test sees."""
    names = ("DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS")
    more = ("CSRF_TRUSTED_ORIGINS", "LOG_LEVEL", "DJANGO_SETTINGS_MODULE")
    prefixes = (
        *("BILLING_", "JWT_", "PG", "SELLER_", "STRIPE_", "DJANGO_", "PYTEST_"),
        *("EMAIL_", "INVOICE_"),
    )
    return {
        name: value
        for name, value in environ.items()
        if name not in {*names, *more, *DROPPED} and not name.startswith(prefixes)
    }


def for_migrations(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the same, but as the role that owns the tables."""
    return {**environment, "DATABASE_URL": environment["MIGRATE_DATABASE_URL"]}
