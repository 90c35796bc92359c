"""`bin/manage demo`: load a living system to look at."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from billing.kernel import clock, context
from demo.build import build

SOURCE = (
    "The usage is made of two real hours of LLM inference (AzurePublicDataset, Microsoft, "
    "CC-BY 4.0; see NOTICE): thinned, repeated in each hour and moved to the months that end now. "
    "How busy each hour of a day is, and the customers, are made up."
)


class Command(BaseCommand):
    help = "Load the demo: three plans, four customers with teams, three months of usage, invoiced."

    def handle(self, *args: Any, **options: Any) -> None:
        with context.acting_as("demo"):
            built = build(say=self.stdout.write, now=clock.now())
        if not built.is_new:
            self.stdout.write("The demo is there. Nothing was changed.")
            return
        self.stdout.write(f"The demo has {built.events:,} events and {built.invoices} invoices.")
        self.stdout.write(SOURCE)
