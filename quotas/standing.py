"""Taking from and giving back to standing quotas: one statement, on disk when it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from billing.kernel.statements import Statement

TAKE: Final = Statement(
    "quotas_take",
    "SELECT outcome, cap::text, held::text, span FROM quotas_take("
    "$1::uuid, $2::text, $3::text, $4::bigint, $5::boolean, $6::uuid, $7::timestamptz)",
)
TAKE_DURABLY: Final = Statement(
    "quotas_take_durably",
    "CALL quotas_take_durably($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, NULL)",
)
REMEMBER_RATE: Final = Statement(
    "quotas_remember_rate",
    "SELECT quotas_remember_rate("
    "$1::uuid, $2::uuid, $3::text, $4::text, $5::bigint, $6::text, $7::timestamptz)::text",
)


class Taken(NamedTuple):
    """What became of it.

    `outcome`: taken, spent, disabled, unknown (no such feature), unsubscribed; or rate, where
    nothing was done, since Valkey counts those: `cap` a `span`. `held` is what is used afterwards.
    """

    outcome: str
    cap: int | None
    held: int | None
    span: str | None


def take(
    account_id: UUID,
    names: tuple[str, str],
    amount: int,
    *,
    dry: bool,
    user_id: UUID | None,
    now: datetime,
) -> Taken:
    """Take `amount` of the account's quota of a service's feature, or nothing.

    The limit is that of the tier at this instant. Negative amounts give back, at most what is
    held. Within a transaction of the caller's it is part of that one.
    """
    statement = TAKE if connection.in_atomic_block else TAKE_DURABLY
    ((outcome, cap, held, span),) = statement.rows(
        str(account_id),
        *names,
        str(amount),
        "t" if dry else "f",
        None if user_id is None else str(user_id),
        now.isoformat(),
    )
    return Taken(outcome or "", _whole(cap), _whole(held), span)


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
