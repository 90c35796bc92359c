"""Who changed what: one entry a change, in the change's own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.accounts.models import AuditEntry
from billing.kernel import context


def record(
    *,
    action: str,
    now: datetime,
    account_id: UUID | None = None,
    subject: object = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Write an entry. The actor and the request's id come from the context that serves it."""
    made = entry(
        action=action, now=now, account_id=account_id, subject=subject, before=before, after=after
    )
    made.save(force_insert=True)


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write several, as `entry` made them: one statement."""
    AuditEntry.objects.bulk_create(entries)


def entry(
    *,
    action: str,
    now: datetime,
    account_id: UUID | None = None,
    subject: object = "",
    before: Any = None,
    after: Any = None,
) -> AuditEntry:
    """Make an entry that is not written yet."""
    return AuditEntry(
        account_id=account_id,
        actor=context.actor.get(),
        action=action,
        subject=str(subject)[:255],
        before=before,
        after=after,
        request_id=context.request_id.get(),
        at=now,
    )
