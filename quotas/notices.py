"""Mails about quotas: the due rows that recording wrote, worded and sent, tried again, bounded."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.translation import gettext, gettext_noop

from billing.admin.formatting import number, percent
from billing.kernel.outward import within
from billing.metering.quotas.models import NoticeKind, QuotaNotice
from billing.models import Meter
from tenants.models import Tenant

log = structlog.get_logger(__name__)

ATTEMPT_LIMIT: Final = 10
CLAIM: Final = timedelta(minutes=5)
FIRST_DELAY: Final = timedelta(minutes=1)
LONGEST_DELAY: Final = timedelta(hours=6)
UNITS: Final = {"seconds": gettext_noop("seconds"), "bytes": gettext_noop("bytes")}
COUNTED: Final = "count"
"""The unit that a bare number says by itself."""


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


def _message(notice: QuotaNotice) -> EmailMultiAlternatives:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    reply_to = settings.BILLING["SELLER_EMAIL"]
    subject, text, html = words_of(notice)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[notice.recipient],
        reply_to=[reply_to] if reply_to else None,
        headers={"Message-ID": f"<{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(html, "text/html")
    return message


def words_of(notice: QuotaNotice) -> tuple[str, str, str]:
    """Return subject, text and page: how the quota stood when the mark was crossed."""
    with translation.override(settings.BILLING["INVOICE_LANGUAGE"]):
        context = _context(notice)
        subject = render_to_string("email/quota.subject.txt", context)
        text = render_to_string("email/quota.txt", context)
        html = render_to_string("email/quota.html", context)
    return " ".join(subject.split())[:255], text.strip() + "\n", html


def _context(notice: QuotaNotice) -> dict[str, object]:
    said, config = notice.said, settings.BILLING
    tenant = Tenant.objects.filter(account_id=notice.account_id).first()
    meter = Meter.objects.filter(metric_type=said["resourceType"]).first()
    return {
        "language": config["INVOICE_LANGUAGE"],
        "seller": {"name": config["SELLER_NAME"], "email": config["SELLER_EMAIL"]},
        "tenant": tenant.name if tenant else "",
        "name": said["resourceName"] or (meter.name if meter else said["resourceType"]),
        "used": number(Decimal(said["currentUsage"])),
        "limit": _limit(said["quotaLimit"], said["unit"]),
        "percent": percent(said["warningThresholdPercent"]),
        "is_over": notice.kind == NoticeKind.EXCEEDED,
        "is_hard": said["enforceHardLimit"],
        "until": _moment(said["periodEnd"]),
    }


def _limit(limit: str, unit: str) -> str:
    shown = number(Decimal(limit))
    if unit == COUNTED:
        return shown
    return f"{shown} {gettext(UNITS[unit]) if unit in UNITS else unit}"


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
