"""What the engine's own records say of people, taken out of a closed account."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import Case, F, Value, When

from billing.accounts.models import Account, AuditEntry, LockedAccount
from billing.kernel.erasure import KEPT_ACTIONS, NOBODY

BATCH: Final = 2_000


def erase_audit(account: LockedAccount, mark: dict[str, Any]) -> dict[str, Any] | None:
    """Strip the next audit entries of what they say of people; return where to go on, or None.

    What was done and when stays, and so does who asked for the deletion. `mark` is what the last
    call returned, at first empty.
    """
    rows = AuditEntry.objects.filter(account_id=account.id, pk__gt=mark.get("after", 0))
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not ids:
        return None
    batch = AuditEntry.objects.filter(pk__in=ids)
    batch.update(
        before=None,
        after=None,
        subject=Case(When(action__startswith="member.", then=Value("")), default=F("subject")),
    )
    people = batch.filter(actor__startswith="user:").exclude(action__in=KEPT_ACTIONS)
    people.update(actor=NOBODY)
    return {"after": ids[-1]}


def forget_stripe(account: LockedAccount) -> None:
    """Forget the id under which Stripe knew the account."""
    Account.objects.filter(pk=account.pk).update(stripe_customer_id="")


def close(account: LockedAccount, *, now: datetime) -> None:
    """Close the account: from the commit on nothing new is written for it. `now` is real time."""
    account.closed_at = account.closed_at or now
    account.save(update_fields=["closed_at"])
