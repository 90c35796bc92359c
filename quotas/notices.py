"""Mails about quotas: the due rows that recording wrote, worded and sent, tried again, bounded."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import formats, translation

from billing.admin.formatting import number
from billing.kernel.outward import within
from billing.metering.quotas.models import NoticeKind, QuotaNotice
from billing.models import Meter
from tenants.models import Tenant

log = structlog.get_logger(__name__)

ATTEMPT_LIMIT: Final = 10
CLAIM: Final = timedelta(minutes=5)
FIRST_DELAY: Final = timedelta(minutes=1)
LONGEST_DELAY: Final = timedelta(hours=6)


def send_due(*, now: datetime, limit: int = 100) -> int:
    """Send what is due; return how many went. `now` is real time.

    Each at least once: a worker that dies between the server's answer and ours sends it again,
    under the same Message-ID.
    """
    due = QuotaNotice.objects.filter(due_at__lte=now).order_by("due_at")
    ids = list(due.values_list("pk", flat=True)[:limit])
    return sum(_send_one(notice_id, now=now) for notice_id in within(ids))


def _send_one(notice_id: UUID, *, now: datetime) -> bool:
    claimed = QuotaNotice.objects.filter(pk=notice_id, due_at__lte=now).update(due_at=now + CLAIM)
    notice = QuotaNotice.objects.filter(pk=notice_id).first() if claimed else None
    if notice is None:
        return False
    try:
        _message(notice).send()
    except (OSError, ValueError) as error:  # SMTPException is an OSError
        _failed(notice, error, now=now)
        return False
    QuotaNotice.objects.filter(pk=notice_id).update(
        due_at=None, sent_at=now, failure="", attempts=notice.attempts + 1
    )
    return True


def _message(notice: QuotaNotice) -> EmailMessage:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    subject, text = words_of(notice)
    return EmailMessage(
        subject=subject,
        body=text,
        to=[notice.recipient],
        headers={"Message-ID": f"<{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def words_of(notice: QuotaNotice) -> tuple[str, str]:
    """Return subject and text: how the quota stood when the mark was crossed."""
    said = notice.said
    tenant = Tenant.objects.filter(account_id=notice.account_id).first()
    meter = Meter.objects.filter(metric_type=said["resourceType"]).first()
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        context = {
            "tenant": tenant.name if tenant else "",
            "name": said["resourceName"] or (meter.name if meter else said["resourceType"]),
            "used": number(Decimal(said["currentUsage"])),
            "limit": number(Decimal(said["quotaLimit"])),
            "unit": said["unit"],
            "percent": said["warningThresholdPercent"],
            "is_over": notice.kind == NoticeKind.EXCEEDED,
            "is_hard": said["enforceHardLimit"],
            "until": _moment(said["periodEnd"]),
        }
        subject = render_to_string("email/quota.subject.txt", context)
        text = render_to_string("email/quota.txt", context)
    return " ".join(subject.split())[:255], text.strip() + "\n"


def _moment(text: str | None) -> str:
    """Write an instant of the API as readers of the language do; it stays in UTC, and says so."""
    if text is None:
        return ""
    at = datetime.fromisoformat(text)
    return f"{formats.date_format(at, 'DATE_FORMAT')}, {at:%H:%M} UTC"


def _failed(notice: QuotaNotice, error: Exception, *, now: datetime) -> None:
    """Keep why, and try again after twice as long; after the last attempt it is given up."""
    attempts = notice.attempts + 1
    why = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    log.error("quota_notice_failed", notice=str(notice.pk), attempt=attempts, reason=why)
    delay = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    QuotaNotice.objects.filter(pk=notice.pk).update(
        attempts=attempts,
        failure=why,
        due_at=None if attempts >= ATTEMPT_LIMIT else now + delay,
    )
