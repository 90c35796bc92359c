"""Accounts as the hot path needs them: looked up once in some seconds, not with every event."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from billing.accounts.models import Account

FRESH_SECONDS: Final = 5.0
LIMIT: Final = 20_000

_known: dict[UUID, tuple[float, Account]] = {}


def known_account(account_id: UUID) -> Account | None:
    """Return an account, up to five seconds old; None where there is none, or it is closed.

    One on a test clock is read each time: its time moves, and it may be deleted. No other is.
    """
    now = time.monotonic()
    found = _known.get(account_id)
    if found is not None and found[0] > now:
        return found[1]
    rows = Account.objects.select_related("test_clock").filter(closed_at__isnull=True)
    account = rows.filter(pk=account_id).first()
    if account is not None and account.test_clock_id is None:
        if len(_known) >= LIMIT:
            _known.clear()
        _known[account_id] = (now + FRESH_SECONDS, account)
    return account
