"""Who changed what: one entry a change, in the change's own transaction."""

from __future__ import annotations

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
    AuditEntry.objects.create(
        account_id=account_id,
        actor=context.actor.get(),
        action=action,
        subject=str(subject)[:255],
        before=before,
        after=after,
        request_id=context.request_id.get(),
        at=now,
    )
