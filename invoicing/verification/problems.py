"""A broken row, named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, of which row: `subject` is its table and id, or its number."""

    check: str
    subject: str
    says: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.says}"
