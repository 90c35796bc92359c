"""`bin/manage import_stripe`: take over what an account at Stripe has."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.kernel import clock, context
from billing.kernel.errors import BillingError
from billing.kernel.money import MINOR_DIGITS
from billing.stripe.objects import objects
from paying.importing.rows import Outcome, Row
from paying.importing.run import import_all
from paying.records import Mode


class Command(BaseCommand):
    help = (
        "Take over products, prices, coupons, customers with their credit, and subscriptions from "
        "the Stripe account whose key is set. Again: what is here already stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only say")
        parser.add_argument(
            "--collect",
            action="store_true",
            help="let subscriptions end at Stripe with their period, and invoice from then on here",
        )
        parser.add_argument(
            "--currency", default="USD", help="of customers that have none at Stripe (USD)"
        )

    @context.acting_as("command:import_stripe")
    def handle(self, *args: Any, **options: Any) -> None:
        currency = str(options["currency"]).upper()
        if currency not in MINOR_DIGITS:
            raise CommandError(f"--currency {currency}: we have no such currency.")
        mode, dry = Mode.COLLECT if options["collect"] else Mode.LEAD, bool(options["dry_run"])
        counts: Counter[tuple[str, str]] = Counter()
        try:
            found = import_all(
                stripe=objects(), mode=mode, currency=currency, now=clock.now(), dry=dry
            )
            for row in found:
                counts[row.kind, row.outcome] += 1
                self.say(row)
        except BillingError as error:
            raise CommandError(f"{error} What was taken over stays; run it again.") from None
        self.summary(counts, dry=dry)

    def say(self, row: Row) -> None:
        """Write a line for all that is new, and for what was left out."""
        if row.outcome is not Outcome.KEPT:
            note = f": {row.note}" if row.note else ""
            self.stdout.write(f"{row.kind} {row.name} {row.outcome}{note}")

    def summary(self, counts: Counter[tuple[str, str]], *, dry: bool) -> None:
        if dry:
            self.stdout.write("Nothing was changed.")
        for (kind, outcome), number in sorted(counts.items()):
            self.stdout.write(f"{kind}: {number} {outcome}")
        if not counts:
            self.stdout.write("There is nothing at Stripe.")
