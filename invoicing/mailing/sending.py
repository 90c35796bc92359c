"""Sending what is due: outside of any transaction, a failure is kept and tried again later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from billing.accounts import audit
from billing.kernel.errors import InvalidTransition, NotFound
from billing.kernel.outward import within
from billing.kernel.services import service
from invoicing.records import Mail, MailStatus

log = structlog.get_logger(__name__)

ATTEMPT_LIMIT: Final = 10
CLAIM: Final = timedelta(minutes=5)
FIRST_DELAY: Final = timedelta(minutes=1)
LONGEST_DELAY: Final = timedelta(hours=6)


def send_mail(*, mail_id: UUID, now: datetime) -> bool:
    """Send one mail that is due; say whether it was. `now` is real time.

    Sent at least once: a worker that dies between the server's answer and ours sends it again,
    under the same Message-ID.
    """
    claimed = Mail.objects.filter(pk=mail_id, status=MailStatus.WAITING, due_at__lte=now).update(
        due_at=now + CLAIM
    )
    if not claimed:
        return False
    mail = Mail.objects.get(pk=mail_id)
    try:
        _message(mail).send()
    except (OSError, ValueError) as error:  # SMTPException is an OSError
        _failed(mail, error, now=now)
        return False
    Mail.objects.filter(pk=mail_id).update(
        status=MailStatus.SENT, sent_at=now, due_at=None, failure="", attempts=mail.attempts + 1
    )
    return True


def _message(mail: Mail) -> EmailMultiAlternatives:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.recipient],
        reply_to=[settings.BILLING["SELLER_EMAIL"]] if settings.BILLING["SELLER_EMAIL"] else None,
        headers={"Message-ID": f"<{mail.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _failed(mail: Mail, error: Exception, *, now: datetime) -> None:
    """Keep why, and try again after twice as long; after the last attempt it is FAILED."""
    attempts = mail.attempts + 1
    why = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    log.error("mail_failed", mail=str(mail.pk), attempt=attempts, reason=why)
    is_last = attempts >= ATTEMPT_LIMIT
    delay = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    Mail.objects.filter(pk=mail.pk).update(
        attempts=attempts,
        failure=why,
        status=MailStatus.FAILED if is_last else MailStatus.WAITING,
        due_at=None if is_last else now + delay,
    )


def send_due(*, now: datetime, limit: int = 100) -> int:
    """Send what is due: wake-ups that were lost, and what failed before; return how many went."""
    due = Mail.objects.filter(status=MailStatus.WAITING, due_at__lte=now).order_by("due_at")
    ids = list(due.values_list("pk", flat=True)[:limit])
    return sum(send_mail(mail_id=mail_id, now=now) for mail_id in within(ids))


@service
def retry_mail(*, mail_id: UUID, now: datetime) -> Mail:
    """Let a mail that failed, or is held, be sent with the next beat. `now` is real time.

    Raises NotFound, InvalidTransition for one that is sent or waiting.
    """
    mail = Mail.objects.select_for_update().filter(pk=mail_id).first()
    if mail is None:
        raise NotFound(noun="mail")
    if mail.status not in {MailStatus.FAILED, MailStatus.HELD}:
        raise InvalidTransition(noun="mail", current=mail.status, target=MailStatus.WAITING)
    before = mail.status
    mail.status, mail.due_at, mail.attempts = MailStatus.WAITING, now, 0
    mail.save(update_fields=["status", "due_at", "attempts"])
    audit.record(
        action="mail.retried",
        account_id=mail.account_id,
        subject=mail.pk,
        before={"status": before},
        now=now,
    )
    return mail
