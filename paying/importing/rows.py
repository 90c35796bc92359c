"""What the import says of each object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    MADE = "made"
    LINKED = "linked"
    CHANGED = "changed"
    KEPT = "known"
    LEFT = "left out"


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` and `name` are Stripe's; `note` says why something was left out, or what to do."""

    kind: str
    name: str
    outcome: Outcome
    note: str = ""
