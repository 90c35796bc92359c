"""Panels of a tenant's page. Each app adds what it knows of an account, the upper ones too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from billing.models import Account

MOST_NARROW_COLUMNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A small table under a title. Cells are text or safe HTML; `right` are numbers' columns."""

    title: Any
    headers: Sequence[Any] = ()
    rows: Sequence[Sequence[Any]] = ()
    right: frozenset[int] = frozenset()
    empty: Any = ""
    is_wide: bool = False
    more_url: str = ""
    more_text: Any = ""

    @property
    def is_broad(self) -> bool:
        """Say whether it has more columns than fit into half of a small screen."""
        return len(self.headers) > MOST_NARROW_COLUMNS

    def cells(self) -> list[list[tuple[Any, Any, bool]]]:
        """Return each row's cells with their header and whether they hold a number."""
        return [
            [
                (self.headers[i] if self.headers else "", cell, i in self.right)
                for i, cell in enumerate(row)
            ]
            for row in self.rows
        ]

    def heads(self) -> list[tuple[Any, bool]]:
        return [(header, i in self.right) for i, header in enumerate(self.headers)]


ACCOUNT_PANELS: Final[list[Callable[[Account], Panel]]] = []
"""Called with the account whose page is shown; each makes a constant number of queries."""


def account_panel(function: Callable[[Account], Panel]) -> Callable[[Account], Panel]:
    """Add a panel to every tenant's page."""
    ACCOUNT_PANELS.append(function)
    return function
