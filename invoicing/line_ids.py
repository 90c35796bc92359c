"""The ids by which lines are named outside: the same in a preview, its draft and the invoice."""

from __future__ import annotations

from uuid import UUID, uuid5


def line_id(period_id: UUID, kind: str, position: int) -> UUID:
    """Name a line by its place on its period's invoice: a draft written anew keeps its ids."""
    return uuid5(period_id, f"{kind}:{position}")
