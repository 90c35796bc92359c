"""`bin/manage verify`: look whether every stored row is what it must be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from invoicing.verification import names, verify


class Command(BaseCommand):
    help = "Check every invariant: sums, numbers, ledgers, periods, counters, what Stripe took."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=UUID, default=None, help="Only this tenant.")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for problem in verify(options["account"]):
            problems += 1
            print(problem)
        if problems:
            few = "1 row is" if problems == 1 else f"{problems} rows are"
            raise CommandError(f"{few} not what they must be.")
        print(f"All is as it must be: {len(names())} checks.")
