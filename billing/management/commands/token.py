"""`bin/manage token`: one JWT, signed with our own secret, on the last line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.http.callers import PLATFORM_ROLES
from billing.kernel import clock


class Command(BaseCommand):
    help = "Print a bearer token on the last line."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="the user's UUID (sub)")
        parser.add_argument(
            "--role", action="append", default=[], choices=sorted(PLATFORM_ROLES), dest="roles"
        )
        parser.add_argument("--tenant", help="bind a service to this tenant's UUID")
        parser.add_argument("--ttl", type=int, default=3600, help="seconds until it expires")

    def handle(self, *args: Any, **options: Any) -> None:
        if "HS256" not in settings.BILLING["JWT_ALGORITHMS"]:
            raise CommandError("JWT_ALGORITHMS has no HS256, so tokens come from your issuer.")
        if not 1 <= options["ttl"] <= 31_536_000:
            raise CommandError("--ttl must be from 1 second to 31536000 (a year).")
        issued = clock.now()
        claims: dict[str, Any] = {
            "sub": str(uuid_option(options["user"], "--user")),
            "roles": options["roles"],
            "iat": int(issued.timestamp()),
            "exp": int((issued + timedelta(seconds=options["ttl"])).timestamp()),
        }
        if options["tenant"]:
            claims["tenant_id"] = str(uuid_option(options["tenant"], "--tenant"))
        for claim, name in (("iss", "JWT_ISSUER"), ("aud", "JWT_AUDIENCE")):
            if settings.BILLING[name]:
                claims[claim] = settings.BILLING[name]
        self.stderr.write(json.dumps(claims))
        self.stdout.write(jwt.encode(claims, settings.BILLING["JWT_SECRET"], algorithm="HS256"))


def uuid_option(value: str, name: str) -> UUID:
    """Read an option. Raises CommandError naming it."""
    try:
        return UUID(value)
    except ValueError:
        raise CommandError(f"{name} must be a UUID, not {value!r}.") from None
