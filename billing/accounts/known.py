"""Accounts as requests need them; for the hot path looked up once in some seconds."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from billing.accounts.models import Account
from billing.kernel.reads import Given, Read

FRESH_SECONDS: Final = 5.0
LIMIT: Final = 20_000

_known: dict[int, tuple[float, Account]] = {}
"""By the number of the id: to hash a UUID itself is a call of Python's."""

_STORED: Final[Read[Account]] = Read(
    lambda: Account.objects.select_related("test_clock").filter(pk=Given(0, "uuid"))
)


def stored_account(account_id: UUID) -> Account | None:
    """Return an account as it is stored, its test clock loaded; None where there is none."""
    return _STORED.first(account_id)


def known_account(account_id: UUID) -> Account | None:
    """Return an account, up to five seconds old; None where there is none, or it is closed.

    One on a test clock is read each time: its time moves, and it may be deleted. No other is.
    """
    now = time.monotonic()
    found = _known.get(account_id.int)
    if found is not None and found[0] > now:
        return found[1]
    account = stored_account(account_id)
    if account is None or account.closed_at is not None:
        return None
    if account.test_clock_id is None:
        if len(_known) >= LIMIT:
            _known.clear()
        _known[account_id.int] = (now + FRESH_SECONDS, account)
    return account
