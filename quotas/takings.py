"""What is taken of standing quotas; and of a group's, what one statement is told and says.

A row is what an account holds of a service's feature. Its takings are plain where each takes and
none only looks: then they are one sum to the row, and what each was left is told from the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from billing.kernel.joint import Waiting

Key = tuple[str, str, str]
Row = tuple[Key, list[Waiting]]
ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})


class Taken(NamedTuple):
    """What became of it.

    `outcome`: taken, spent, disabled, unknown (no such feature), unsubscribed; or rate, where
    nothing was done, since Valkey counts those: `cap` a `span`. `held` is what is used afterwards.
    """

    outcome: str
    cap: int | None
    held: int | None
    span: str | None


class Taking(NamedTuple):
    """What shall be taken of an account's quota, by whom, at the account's time."""

    account_id: UUID
    names: tuple[str, str]
    amount: int
    dry: bool
    user_id: UUID | None
    now: datetime

    def texts(self) -> tuple[str | None, ...]:
        return (
            str(self.account_id),
            *self.names,
            str(self.amount),
            "t" if self.dry else "f",
            None if self.user_id is None else str(self.user_id),
            self.now.isoformat(),
        )

    def row(self, place: int) -> dict[str, object]:
        return {
            "place": place,
            "owner": self.account_id,
            "service": self.names[0],
            "feature": self.names[1],
            "many": self.amount,
            "dry": self.dry,
            "person": self.user_id,
            "moment": self.now,
        }


def parted(group: Sequence[Waiting]) -> tuple[list[Row], list[Waiting]]:
    """Part a group into the rows that are plain, in the order of their keys, and the others.

    All takings of a row are on one side, and stay in their order.
    """
    takings: dict[Key, list[Waiting]] = {}
    looks = set()
    for waiting in group:
        wanted: Taking = waiting.wanted
        key = (str(wanted.account_id), *wanted.names)
        takings.setdefault(key, []).append(waiting)
        if wanted.amount <= 0 or wanted.dry:
            looks.add(key)
    rows = sorted(takings.items())  # keys differ, so nothing else is compared
    plain = [row for row in rows if row[0] not in looks]
    return plain, [waiting for key, row in rows if key in looks for waiting in row]


def texts_of(rows: Sequence[Row]) -> tuple[str | None, ...]:
    """Return the arguments of quotas_take_plain_durably: an array a column, and who took."""
    owners, services, features, sums, moments = [], [], [], [], []
    for (owner, service, feature), row in rows:
        owners.append(owner)
        services.append(_quoted(service))
        features.append(_quoted(feature))
        sums.append(str(sum([waiting.wanted.amount for waiting in row])))
        moments.append(f'"{row[-1].wanted.now}"')
    columns = owners, services, features, sums, moments
    return (*["{" + ",".join(column) + "}" for column in columns], _notes_of(rows))


def found_in(text: str | None) -> dict[int, tuple[int, int]]:
    """Read what the statement says of the rows it wrote: place → (cap, held before)."""
    found = {}
    for said in text.split(",") if text else ():
        place, cap, held = said.split(" ")
        found[int(place)] = int(cap), int(held)
    return found


def _notes_of(rows: Sequence[Row]) -> str | None:
    notes = [
        waiting.wanted.row(place)
        for place, (_key, row) in enumerate(rows, 1)
        for waiting in row
        if waiting.wanted.user_id is not None
    ]
    return msgspec.json.encode(notes).decode() if notes else None


def _quoted(text: str) -> str:
    return f'"{text.translate(ESCAPED)}"' if '"' in text or "\\" in text else f'"{text}"'
