"""Quotas: made, changed, deleted. Recording stands still for the tenant meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from billing.accounts import audit
from billing.accounts.models import Account
from billing.catalog.models import Meter
from billing.kernel.constraints import refusing
from billing.kernel.decimals import exact, format_decimal
from billing.kernel.errors import AlreadyExists, NotFound
from billing.kernel.services import service
from billing.metering.quotas import counting, notices
from billing.metering.quotas.admission import calendar_of
from billing.metering.quotas.models import (
    QuotaNotice,
    QuotaPeriod,
    QuotaReservation,
    QuotaWindow,
    QuotaWindowValue,
    UsageQuota,
)
from billing.metering.timeline import lock_timeline_exclusive

LIMIT_RECIPIENTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaDraft:
    """A quota as somebody wants it."""

    meter: Meter
    limit: Decimal
    period: str = QuotaPeriod.BILLING_PERIOD
    resource_name: str = ""
    warning_percent: int = 80
    is_hard: bool = True
    recipients: Sequence[str] = field(default_factory=list)


@service
def create_quota(
    *, account_id: UUID, draft: QuotaDraft, by_admin: bool, now: datetime
) -> UsageQuota:
    """Make a quota; what the tenant has used in the window already counts.

    `now` is the account's time. Raises AlreadyExists where the meter has an active one,
    TenantNotFound.
    """
    account = Account.objects.lock(account_id)
    lock_timeline_exclusive(account_id)
    quota = UsageQuota(
        account=account,
        meter=draft.meter,
        limit=draft.limit,
        period=draft.period,
        resource_name=draft.resource_name,
        warning_percent=draft.warning_percent,
        is_hard=draft.is_hard,
        recipients=list(draft.recipients),
        made_by_admin=by_admin,
        created_at=now,
        updated_at=now,
    )
    with refusing(usage_quota_one_active=_taken(draft.meter)):
        quota.save(force_insert=True)
    _count(quota, now=now)
    _audit("created", quota, None, now=now)
    return quota


@service
def change_quota(
    *, account_id: UUID, quota_id: UUID, changes: Mapping[str, Any], now: datetime
) -> UsageQuota:
    """Change what is given, under the names of the model. What was used stays used.

    A limit under what is used refuses all that would raise it. Raises NotFound, AlreadyExists,
    TenantNotFound.
    """
    Account.objects.lock(account_id)
    lock_timeline_exclusive(account_id)
    quota = _quota(account_id, quota_id)
    before = state_of(quota)
    for name, value in changes.items():
        setattr(quota, name, value)
    quota.updated_at = now
    with refusing(usage_quota_one_active=_taken(quota.meter)):
        quota.save()
    _count(quota, now=now)
    _audit("changed", quota, before, now=now)
    return quota


@service
def delete_quota(*, account_id: UUID, quota_id: UUID, now: datetime) -> None:
    """Delete a quota with its windows. Open reservations can still be committed; nothing is held.

    Raises NotFound, TenantNotFound.
    """
    Account.objects.lock(account_id)
    lock_timeline_exclusive(account_id)
    quota = _quota(account_id, quota_id)
    _audit("deleted", quota, state_of(quota), now=now, is_gone=True)
    forget_quotas([quota.pk])


def forget_quotas(quota_ids: Sequence[UUID]) -> None:
    """Delete quotas with all that hangs on them, in the caller's transaction."""
    windows = QuotaWindow.objects.filter(quota_id__in=quota_ids)
    QuotaWindowValue.objects.filter(window_id__in=windows.values("id")).delete()
    windows.delete()
    QuotaNotice.objects.filter(quota_id__in=quota_ids).delete()
    QuotaReservation.objects.filter(quota_id__in=quota_ids).update(quota_id=None)
    UsageQuota.objects.filter(pk__in=quota_ids).delete()


def _quota(account_id: UUID, quota_id: UUID) -> UsageQuota:
    rows = UsageQuota.objects.select_related("meter", "account__test_clock")
    found = rows.filter(pk=quota_id, account_id=account_id).first()
    if found is None:
        raise NotFound(noun="quota")
    return found


def _taken(meter: Meter) -> AlreadyExists:
    return AlreadyExists(what=f"an active quota of {meter.metric_type} for this tenant")


def _count(quota: UsageQuota, *, now: datetime) -> None:
    """Count the window that is open, so that checks need not; and tell what it has crossed."""
    if not quota.is_active:
        return
    span = calendar_of([quota], now, now).window_of(quota.period, now)
    with exact():
        held = counting.hold([(quota, span)])
        for window in held.values():
            notices.tell(window, now=now)
        counting.save(held.values())


def state_of(quota: UsageQuota) -> dict[str, Any]:
    """Return what an audit entry keeps of a quota."""
    return {
        "resourceType": quota.meter.metric_type,
        "resourceName": quota.resource_name,
        "quotaLimit": format_decimal(quota.limit),
        "period": quota.period,
        "warningThresholdPercent": quota.warning_percent,
        "enforceHardLimit": quota.is_hard,
        "alertRecipients": len(quota.recipients),
        "isActive": quota.is_active,
    }


def _audit(
    verb: str,
    quota: UsageQuota,
    before: dict[str, Any] | None,
    *,
    now: datetime,
    is_gone: bool = False,
) -> None:
    audit.record(
        action=f"quota.{verb}",
        account_id=quota.account_id,
        subject=quota.pk,
        before=before,
        after=None if is_gone else state_of(quota),
        now=now,
    )
