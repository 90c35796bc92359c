"""What a quota has to tell, once a window: written in the transaction that crossed the mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models.functions import Now

from billing.kernel import jobs
from billing.kernel.decimals import format_decimal
from billing.metering.quotas.held import Held
from billing.metering.quotas.models import NoticeKind, QuotaNotice
from billing.metering.quotas.windows import FOREVER
from billing.outbox.kinds import EventKind
from billing.outbox.publishing import publish

SEND: Final = "quotas.send_due_notices"
KINDS: Final = {
    NoticeKind.WARNING: EventKind.QUOTA_WARNING,
    NoticeKind.EXCEEDED: EventKind.QUOTA_EXCEEDED,
}


def tell(window: Held, *, now: datetime) -> None:
    """Mark the window for what it has crossed, and write what is due of it.

    `now` is the account's time.
    """
    for kind in window.crossed():
        if kind is NoticeKind.WARNING:
            window.warned_at = now
        else:
            window.exceeded_at = now
        window.is_changed = True
        said = said_of(window)
        _write_mails(window, kind, said, now=now)
        publish(window.quota.account_id, KINDS[kind], said, now=now)


def said_of(window: Held) -> dict[str, Any]:
    """Say how the window stands, in the API's words. Without a start and an end: for ever."""
    quota, span = window.quota, window.span
    is_bound = span != FOREVER
    return {
        "quotaId": str(quota.pk),
        "tenantId": str(quota.account_id),
        "resourceType": quota.meter.metric_type,
        "resourceName": quota.resource_name or None,
        "unit": quota.meter.unit,
        "quotaLimit": format_decimal(quota.limit),
        "currentUsage": format_decimal(window.used),
        "period": quota.period,
        "periodStart": _text(span.start) if is_bound else None,
        "periodEnd": _text(span.end) if is_bound else None,
        "warningThresholdPercent": quota.warning_percent,
        "enforceHardLimit": quota.is_hard,
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _write_mails(window: Held, kind: NoticeKind, said: dict[str, Any], *, now: datetime) -> None:
    """Write one mail a recipient. Those of an account on a test clock are held, as invoices' are.

    A row is due in real time, and is the job: the wake-up may be lost.
    """
    account = window.quota.account
    is_held = account.test_clock_id and not settings.BILLING["BILLING_MAIL_TEST_CLOCKS"]
    rows = [
        QuotaNotice(
            account_id=account.pk,
            quota_id=window.quota.pk,
            window_id=window.id,
            kind=kind,
            recipient=recipient,
            said=said,
            due_at=None if is_held else Now(),
            created_at=now,
        )
        for recipient in window.quota.recipients
    ]
    if rows:
        QuotaNotice.objects.bulk_create(rows, ignore_conflicts=True)
        jobs.enqueue(SEND)
