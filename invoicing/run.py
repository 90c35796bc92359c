"""The billing run: what is due by `due_at <= now`, one account and one step at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError

from billing.kernel.errors import TenantNotFound
from billing.kernel.services import service
from billing.models import Account
from invoicing import due, parking, together

log = structlog.get_logger(__name__)

STEP_LIMIT: Final = 2000
"""Steps for one account in one go: after a long standstill the next beat goes on."""
BUDGET_SECONDS: Final = 50.0
"""How long one wake-up of the run works at most: mails and PDFs share its workers."""
PASSING: Final = (OperationalError, InterfaceError)
"""The database is away, or ended a deadlock: no reason to park an account."""


@service
def take_step(*, account_id: UUID, wait: bool = True, now: datetime) -> datetime | None:
    """Take the account's earliest step that is due by `now`; return when it was due, or None.

    Steps go in the order of their instants, equal ones in that of `due.SOURCES`. Without `wait`
    an account that somebody else has locked is left to them: None.
    """
    if wait:
        account = Account.objects.lock(account_id, even_closed=True)
    elif (free := Account.objects.lock_if_free(account_id)) is not None:
        account = free
    else:
        return None
    work = due.earliest(account.id, now=now)
    if work is None:
        return None
    work.take(account, now=now)
    return work.due_at


def run_account(*, account_id: UUID, wait: bool = True, now: datetime) -> int:
    """Do all that is due for an account by `now`, each step in a transaction of its own.

    Return how many steps were taken. Safe to run from any number of workers at once.
    """
    for taken in range(STEP_LIMIT):
        if take_step(account_id=account_id, wait=wait, now=now) is None:
            return taken
    return STEP_LIMIT


def run_or_park(*, account_id: UUID, wait: bool = True, now: datetime) -> int:
    """Do what is due; park the account where a step fails. Raises what passes by itself."""
    try:
        return run_account(account_id=account_id, wait=wait, now=now)
    except (TenantNotFound, *PASSING):
        raise
    except Exception as error:  # whatever it is: the run goes on with the others
        log.exception("account_parked", account_id=str(account_id))
        parking.park_account(account_id=account_id, error=error, now=now)
        return 0


def run_group(account_ids: Sequence[UUID], *, now: datetime) -> int:
    """Do what is due for a few accounts together, and alone for whom that is not the way.

    Each step of the group is a transaction. Where one fails it is undone, and each account goes on
    alone, so that the one whose step fails is parked and the others are billed.
    """
    steps, alone = 0, []
    left = list(account_ids)
    try:
        for _ in range(STEP_LIMIT):
            taken = together.take_steps(account_ids=left, now=now)
            steps += len(taken.together)
            alone += taken.alone
            left = taken.together
            if not left:
                break
    except Exception:  # whatever it is: alone it is known whose it is
        log.exception("group_falls_apart", accounts=len(left))
        alone += left
    return steps + sum(_run_alone(account_id, now=now) for account_id in alone)


def _run_alone(account_id: UUID, *, now: datetime) -> int:
    try:
        return run_or_park(account_id=account_id, wait=False, now=now)
    except TenantNotFound:
        return 0
    except PASSING:
        log.exception("billing_run_failed", account_id=str(account_id))
        return 0


def run_for(*, now: datetime, budget: float = BUDGET_SECONDS) -> int:
    """Do what is due by `now` until nothing is left, or for so many seconds: the next beat goes on.

    Any number of workers may be at it. Return how many steps were taken.
    """
    began = time.monotonic()
    steps = 0
    while (taken := run_due(now=now)) and time.monotonic() - began < budget:
        steps += taken
    return steps + taken


def run_due(*, now: datetime, limit: int = 1000) -> int:
    """Do what is due for up to `limit` accounts; leave out those that other workers are at."""
    due_ones = due.due_accounts(now=now, limit=limit)
    return sum(
        run_group(due_ones[first : first + together.GROUP], now=now)
        for first in range(0, len(due_ones), together.GROUP)
    )
