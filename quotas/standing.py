"""Taking from and giving back to standing quotas: one statement, which is its own transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from billing.kernel.statements import rows_of

TAKE: Final = "SELECT outcome, cap, held, span FROM quotas_take(%s, %s, %s, %s, %s, %s, %s)"
REMEMBER_RATE: Final = "SELECT quotas_remember_rate(%s, %s, %s, %s, %s, %s, %s)"


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
    service_name, feature_key = names
    found = rows_of(TAKE, [account_id, service_name, feature_key, amount, dry, user_id, now])
    return Taken(*found[0])


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
    rows_of(REMEMBER_RATE, [account_id, user_id, *names, amount, window, now])
