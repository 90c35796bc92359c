"""The cost centers of tenants as recording needs them, kept in the process for a second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tenants.cost_centers.models import CostCenter

FRESH_SECONDS: Final = 1.0
LIMIT_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class KnownCenters:
    """A tenant's cost centers: the ids of all, active or not, and the id of each code."""

    by_code: Mapping[str, str]
    ids: frozenset[str]
    read_at: float

    def id_of(self, *, center_id: str | None, code: str | None) -> str | None:
        """Return the id that an event's id or code means; None where it means none."""
        if center_id is None:
            return self.by_code.get(code or "")
        found = center_id.lower()
        return found if found in self.ids else None


class CenterBook:
    """Cost centers by tenant, of 1,000 tenants at most.

    Read again after a second, and at once where `fresh` is asked for: whoever does not find one
    asks for a fresh page before saying no, so a new one is known at once.
    """

    def __init__(self) -> None:
        self._pages: dict[UUID, KnownCenters] = {}

    def of(self, account_id: UUID, *, fresh: bool = False) -> KnownCenters:
        page = self._pages.get(account_id)
        if fresh or page is None or time.monotonic() - page.read_at > FRESH_SECONDS:
            page = _read(account_id)
            if len(self._pages) >= LIMIT_KEPT:
                self._pages.clear()
            self._pages[account_id] = page
        return page


def _read(account_id: UUID) -> KnownCenters:
    read_at = time.monotonic()  # before the query: never younger than what it found
    rows = CostCenter.objects.filter(account_id=account_id).values_list("code", "id")
    by_code = {code: str(center_id) for code, center_id in rows}
    return KnownCenters(by_code=by_code, ids=frozenset(by_code.values()), read_at=read_at)


BOOK: Final = CenterBook()
