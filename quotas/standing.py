"""Taking from and giving back to standing quotas: one statement, on disk when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import psycopg
import structlog
from django.db import DatabaseError, OperationalError, connection

from billing.kernel.joint import Joint, Waiting
from billing.kernel.statements import Statement
from quotas.takings import Taken, Taking, found_in, parted, texts_of

log = structlog.get_logger(__name__)

LIMIT_NAMES: Final = 10_000

TAKE: Final = Statement(
    "quotas_take",
    "SELECT outcome, cap::text, held::text, span FROM quotas_take("
    "$1::uuid, $2::text, $3::text, $4::bigint, $5::boolean, $6::uuid, $7::timestamptz)",
)
TAKE_DURABLY: Final = Statement(
    "quotas_take_durably",
    "CALL quotas_take_durably($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, NULL)",
    shared=True,
)
TAKE_PLAIN: Final = Statement(
    "quotas_take_plain_durably",
    "CALL quotas_take_plain_durably($1, $2, $3, $4, $5, $6, NULL)",
    shared=True,
)
TAKE_MANY: Final = Statement(
    "quotas_take_many_durably", "CALL quotas_take_many_durably($1, NULL)", shared=True
)
REMEMBER_RATE: Final = Statement(
    "quotas_remember_rate",
    "SELECT quotas_remember_rate("
    "$1::uuid, $2::uuid, $3::text, $4::text, $5::bigint, $6::text, $7::timestamptz)::text",
)


def take(wanted: Taking) -> Taken:
    """Take an amount of an account's quota of a service's feature, or nothing.

    The limit is that of the tier at this instant. Negative amounts give back, at most what is
    held. Within a transaction of the caller's it is part of that one; else it is on disk when this
    returns, and those who ask at the same time share a transaction. Raises ServiceUnavailable
    where too many wait.
    """
    taken: Taken
    if connection.in_atomic_block or _kinds.get(wanted.names) == RATE:
        taken = _taken(TAKE.rows(*wanted.texts()))
    else:
        taken = TOGETHER.wait_for(Waiting(wanted))
    _remember_kind(wanted.names, taken.outcome)
    return taken


RATE, QUOTA = "rate", "quota"
_kinds: Final[dict[tuple[str, str], str]] = {}
"""Whether names were a rate's or a quota's when they were last asked for. Rates write nothing, and
need not wait for the others' flush; where one is a quota's meanwhile, it is taken all the same."""


def is_quota(names: tuple[str, str]) -> bool:
    """Say whether names were a quota's the last time, on some tier."""
    return _kinds.get(names) == QUOTA


def _remember_kind(names: tuple[str, str], outcome: str) -> None:
    kind = RATE if outcome == "rate" else QUOTA if outcome in {"taken", "spent"} else None
    if kind is None or kind == _kinds.get(names):
        return
    if len(_kinds) >= LIMIT_NAMES:
        _kinds.clear()
    _kinds[names] = kind


def _taken(rows: list[tuple[str | None, ...]]) -> Taken:
    ((outcome, cap, held, span),) = rows
    return Taken(outcome or "", _whole(cap), _whole(held), span)


class TogetherTaken(Joint):
    """Group commit, as single events have it: a flush serves all who wait by then."""

    def work(self, group: list[Waiting]) -> None:
        take_all(group)


def take_all(group: Sequence[Waiting]) -> None:
    """Take what each of a group wants (a Taking), on disk when this returns.

    Each gets its outcome, a Taken, or its error. Takings of one row are taken in their order.
    """
    if len(group) == 1:
        _alone(group[0])
        return
    left = _take_plain(group)
    if len(left) == 1:
        _alone(left[0])
    elif left:
        _take_in_turn(left)


def _take_plain(group: Sequence[Waiting]) -> list[Waiting]:
    """Take what is plain, in one statement; return the others, and those that did not fit."""
    rows, left = parted(group)
    if not rows:
        return left
    try:
        ((text,),) = TAKE_PLAIN.rows(*texts_of(rows))
    except DatabaseError as error:
        _part([waiting for _key, row in rows for waiting in row], error)
        return left
    written = found_in(text)
    for place, (_key, row) in enumerate(rows, 1):
        found = written.get(place)
        if found is None:
            left += row
            continue
        cap, held = found
        for waiting in row:
            held += waiting.wanted.amount
            waiting.outcome = Taken("taken", cap, held, "")
    return left


def _take_in_turn(group: Sequence[Waiting]) -> None:
    wanted = [waiting.wanted.row(place) for place, waiting in enumerate(group)]
    try:
        ((text,),) = TAKE_MANY.rows(msgspec.json.encode(wanted).decode())
    except DatabaseError as error:
        _part(group, error)
        return
    for place, *taken in msgspec.json.decode(text or ""):
        group[place].outcome = Taken(*taken)


def _part(group: Sequence[Waiting], error: DatabaseError) -> None:
    """Try each alone after a failure that undid all; after any other nobody knows what was done."""
    is_undone = not isinstance(error, OperationalError) or isinstance(
        error.__cause__, psycopg.errors.DeadlockDetected
    )
    log.warning("joint_take_failed", requests=len(group), error=repr(error))
    for waiting in group:
        if is_undone:
            _alone(waiting)
        else:
            waiting.error = error


def _alone(waiting: Waiting) -> None:
    try:
        waiting.outcome = _taken(TAKE_DURABLY.rows(*waiting.wanted.texts()))
    except Exception as error:  # noqa: BLE001 — it is raised where it is waited for
        waiting.error = error


TOGETHER: Final = TogetherTaken()


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)


def remember_rate(
    account_id: UUID,
    names: tuple[str, str],
    amount: int,
    *,
    window: str,
    user_id: UUID,
    now: datetime,
) -> None:
    """Note who used a rate. It does not wait for the disk: a crash may lose the last ones."""
    REMEMBER_RATE.rows(str(account_id), str(user_id), *names, str(amount), window, now.isoformat())
