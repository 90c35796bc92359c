"""What other apps ask of the counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from billing.models import LockedAccount
from quotas import rates
from quotas.models import QuotaUse, UserEvent, UserTally
from quotas.valkey import Unavailable

log = structlog.get_logger(__name__)


def forget_account(account_id: UUID) -> None:
    """Remove all that is counted and noted of an account, in the caller's transaction.

    Valkey's counts go when that has committed; if it is away they expire with their windows,
    within 40 days. They name nobody: an account's id and numbers. Again: nothing changes.
    """
    QuotaUse.objects.filter(account_id=account_id).delete()
    UserEvent.objects.filter(account_id=account_id).delete()
    UserTally.objects.filter(account_id=account_id).delete()
    transaction.on_commit(lambda: _forget_rates(account_id))


def erase_counts(account: LockedAccount, *, now: datetime) -> bool:
    """Forget a closed account, all at once: nothing is left. (Named by BILLING_ERASERS.)"""
    forget_account(account.id)
    return False


def _forget_rates(account_id: UUID) -> None:
    try:
        rates.forget(account_id)
    except Unavailable as error:
        log.warning("rate_counts_not_forgotten", account_id=str(account_id), error=repr(error))
