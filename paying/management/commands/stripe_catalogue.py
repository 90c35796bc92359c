"""`bin/manage stripe_catalogue`: bring the catalogues here and at Stripe together, now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.kernel import clock, context
from billing.kernel.errors import BillingError
from billing.stripe.catalogue import pushing, taking
from billing.stripe.objects import StripeObjects, objects


class Command(BaseCommand):
    help = (
        "Bring the catalogues together, as STRIPE_CATALOGUE says who leads: what differs is said, "
        "and the one that follows is changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only say")

    @context.acting_as("command:stripe_catalogue")
    def handle(self, *args: Any, **options: Any) -> None:
        if taking.leads() == "OFF":
            raise CommandError("STRIPE_CATALOGUE is OFF: neither leads.")
        dry = bool(options["dry_run"])
        try:
            same = 0
            for name, said in self.outcomes(objects(), dry=dry):
                same += said == taking.KEPT
                if said != taking.KEPT:
                    self.stdout.write(f"{name}: {said}")
        except BillingError as error:
            raise CommandError(f"{error} Run it again: what was done stays.") from None
        self.stdout.write(f"{same} are the same on both sides.")

    def outcomes(self, stripe: StripeObjects, *, dry: bool) -> Iterable[taking.Outcome]:
        if taking.leads() == "OURS":
            return pushing.push_all(stripe=stripe, now=clock.now(), dry=dry)
        return taking.sync_all(stripe=stripe, now=clock.now(), dry=dry)
