"""Forgetting quotas: of a closed account, and of a test clock that is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from billing.accounts.models import LockedAccount
from billing.metering.quotas.models import QuotaNotice, QuotaReservation, UsageQuota
from billing.metering.quotas.services import forget_quotas


def forget_quotas_of(account_ids: Sequence[UUID]) -> None:
    """Delete quotas, windows, reservations and notices, in the caller's transaction."""
    quotas = UsageQuota.objects.filter(account_id__in=account_ids)
    forget_quotas(list(quotas.values_list("pk", flat=True)))
    QuotaNotice.objects.filter(account_id__in=account_ids).delete()
    QuotaReservation.objects.filter(account_id__in=account_ids).delete()


def erase_quotas(account: LockedAccount, *, now: datetime) -> bool:
    """Forget a closed account's quotas: they name recipients. (Named by BILLING_ERASERS.)"""
    forget_quotas_of([account.pk])
    return False
