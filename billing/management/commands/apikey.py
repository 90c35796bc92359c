"""`bin/manage apikey`: make or revoke an API key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.accounts import keys
from billing.http.callers import PLATFORM_ROLES, Scope
from billing.kernel import clock
from billing.management.commands.token import uuid_option
from billing.models import Account, ApiKey


class Command(BaseCommand):
    help = "Make an API key (its secret is shown once), or revoke one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="the UUID of the user that it belongs to")
        parser.add_argument("--tenant", help="or: the UUID of the tenant of a service key")
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--role", action="append", default=[], choices=sorted(PLATFORM_ROLES), dest="roles"
        )
        parser.add_argument(
            "--scope", action="append", default=[], choices=[s.value for s in Scope], dest="scopes"
        )
        parser.add_argument("--days", type=int, help="days until it expires; none: never")
        parser.add_argument("--revoke", metavar="KEY", help="revoke this key instead")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["revoke"]:
            self.revoke(options["revoke"])
            return
        if bool(options["user"]) == bool(options["tenant"]):
            raise CommandError("Give --user UUID, or --tenant UUID for a service key.")
        if not options["scopes"]:
            raise CommandError("Give at least one --scope; without any a key can do nothing.")
        tenant = uuid_option(options["tenant"], "--tenant") if options["tenant"] else None
        if tenant and not Account.objects.filter(pk=tenant).exists():
            raise CommandError(f"There is no tenant {tenant}.")
        key, secret = keys.create_api_key(
            user_id=uuid_option(options["user"], "--user") if options["user"] else None,
            account_id=tenant,
            name=options["name"],
            roles=options["roles"],
            scopes=options["scopes"],
            expires_at=now + timedelta(days=options["days"]) if options["days"] else None,
            now=now,
        )
        self.stdout.write(f"api-key: {key.key}")
        self.stdout.write(f"api-secret: {secret}")
        self.stderr.write("The secret is not kept and can't be shown again.")

    def revoke(self, name: str) -> None:
        found = ApiKey.objects.filter(key=name).first()
        if found is None:
            raise CommandError(f"There is no key {name!r}.")
        keys.revoke_api_key(key_id=found.id, now=clock.now())
        self.stdout.write(f"{name} is revoked.")
