"""`bin/manage bill`: do what is due, or say what would be; show or release parked accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.kernel import clock, context
from billing.kernel.errors import BillingError
from billing.models import Account
from invoicing import due, foreseeing, parking, run
from invoicing.records import ParkedAccount

FURTHEST: Final = timedelta(days=2 * 366)
MOST_ACCOUNTS: Final = 10_000


def taken(steps: int) -> str:
    return "1 step was taken." if steps == 1 else f"{steps} steps were taken."


class Command(BaseCommand):
    help = (
        "Do what is due now; or say what would be done; or show, or release, the accounts that "
        "the run has parked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--parked", action="store_true", help="list the parked accounts")
        choice.add_argument("--release", metavar="ACCOUNT", help="take this account up again")
        choice.add_argument("--dry-run", action="store_true", help="change nothing, only say")
        parser.add_argument("--at", metavar="INSTANT", help="foresee up to this instant (RFC 3339)")
        parser.add_argument("--account", help="foresee this account alone, by its own clock")
        parser.add_argument("--limit", type=int, default=500, help="foresee so many accounts")

    @context.acting_as("command:bill")
    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self.foresee(**options)
        elif options["at"] or options["account"]:
            raise CommandError("--at and --account go with --dry-run: bills are made when due.")
        elif options["parked"]:
            self.show()
        elif options["release"]:
            self.release(options["release"])
        else:
            self.stdout.write(taken(run.run_for(now=clock.now(), budget=inf)))

    def foresee(
        self, *, at: str | None, account: str | None, limit: int, **_options: object
    ) -> None:
        """Say what the run would do, account by account; nothing is changed."""
        if not 1 <= limit <= MOST_ACCOUNTS:
            raise CommandError(f"--limit goes from 1 to {MOST_ACCOUNTS}.")
        given = None if account is None else self.account(account)
        now = clock.now() if given is None else clock.now_for(given)
        until = self.until(at, now=now)
        ids = [given.pk] if given else due.due_accounts(now=until, limit=limit + 1)
        steps = 0
        for account_id in ids[:limit]:
            for step in foreseeing.foresee(account_id=account_id, until=until, now=now):
                steps += 1
                self.stdout.write(
                    f"{step.at:%Y-%m-%d %H:%M:%S} UTC  {step.account_id}  "
                    f"{step.source}: {step.result}"
                )
        said = "1 step" if steps == 1 else f"{steps} steps"
        self.stdout.write(f"{said} would be taken until {until:%Y-%m-%d %H:%M:%S} UTC.")
        if len(ids) > limit:
            self.stdout.write(f"Only {limit} accounts were looked at: --limit takes more.")

    def until(self, given: str | None, *, now: datetime) -> datetime:
        if given is None:
            return now
        try:
            at = datetime.fromisoformat(given)
        except ValueError:
            raise CommandError(f"--at takes 2026-12-01T00:00:00Z, not {given!r}.") from None
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        if not now <= at <= now + FURTHEST:
            raise CommandError(f"--at goes from now ({now:%Y-%m-%dT%H:%M:%SZ}) to two years on.")
        return at

    def account(self, given: str) -> Account:
        try:
            return Account.objects.select_related("test_clock").get(pk=UUID(given))
        except (ValueError, Account.DoesNotExist):
            raise CommandError(f"There is no account {given!r}.") from None

    def show(self) -> None:
        """List them; that there are none is said beside, so that the list is empty for a script."""
        found = list(ParkedAccount.objects.order_by("since"))
        if not found:
            self.stderr.write("No account is parked.")
        for parked in found:
            since = f"{parked.since:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{parked.account_id}  {since}  {parked.code}  {parked.reason}")

    def release(self, given: str) -> None:
        """Release the account, and do what is due of it at once."""
        account = self.account(given)
        now = clock.now_for(account)
        try:
            parking.release_account(account_id=account.pk, now=now)
        except BillingError as error:
            raise CommandError(str(error)) from None
        steps = run.run_or_park(account_id=account.pk, now=now)
        again = ParkedAccount.objects.filter(account=account).first()
        if again is not None:
            raise CommandError(f"It was parked again: {again.code}: {again.reason}")
        self.stdout.write(f"Released. {taken(steps)}")
