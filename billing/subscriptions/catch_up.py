"""Making what is due visible before it is read, without waiting for the next beat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from billing.accounts.models import Account
from billing.kernel import jobs

RUN = "invoicing.run_account"


def is_due(account: Account, *, now: datetime) -> bool:
    """Say whether the account has work that is due by now: one query.

    What is due is known above the engine, so it is asked by the name in the settings.
    """
    asked: Callable[..., bool] = import_string(settings.BILLING_DUE_WORK)
    return asked(account, now=now)


def catch_up(account: Account, *, now: datetime) -> None:
    """Do the account's due work in this process, bounded; what is left, beat does."""
    if is_due(account, now=now):
        jobs.run_now(RUN, account_id=account.id)
