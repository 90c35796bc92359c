"""`bin/manage bill`: do what is due now; show or release the accounts that are parked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.kernel import clock, context
from billing.kernel.errors import BillingError
from billing.models import Account
from invoicing import parking, run
from invoicing.records import ParkedAccount


class Command(BaseCommand):
    help = "Do what is due now; or show, or release, the accounts that the run has parked."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--parked", action="store_true", help="list the parked accounts")
        choice.add_argument("--release", metavar="ACCOUNT", help="take this account up again")

    def handle(self, *args: Any, **options: Any) -> None:
        context.actor.set("command:bill")
        if options["parked"]:
            self.show()
        elif options["release"]:
            self.release(options["release"])
        else:
            self.stdout.write(f"{run.run_due(now=clock.now())} steps were taken.")

    def show(self) -> None:
        for parked in ParkedAccount.objects.order_by("since"):
            since = f"{parked.since:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{parked.account_id}  {since}  {parked.code}  {parked.reason}")

    def release(self, given: str) -> None:
        """Release the account, and do what is due of it at once."""
        try:
            account = Account.objects.select_related("test_clock").get(pk=UUID(given))
        except (ValueError, Account.DoesNotExist):
            raise CommandError(f"There is no account {given!r}.") from None
        now = clock.now_for(account)
        try:
            parking.release_account(account_id=account.pk, now=now)
        except BillingError as error:
            raise CommandError(str(error)) from None
        steps = run.run_or_park(account_id=account.pk, now=now)
        again = ParkedAccount.objects.filter(account=account).first()
        if again is not None:
            raise CommandError(f"It was parked again: {again.code}: {again.reason}")
        self.stdout.write(f"Released. {steps} steps were taken.")
