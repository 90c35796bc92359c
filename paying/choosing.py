"""Choosing who asks an account for money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.kernel.services import service
from billing.models import Account
from paying.models import Collection, Profile
from paying.records import CollectionStatus, Mode


@service
def choose_mode(*, account_id: UUID, mode: str, now: datetime) -> Profile:
    """Set who asks for the money, whatever is bought from now on.

    COLLECT takes up again what was left to Stripe. Raises TenantNotFound.
    """
    account = Account.objects.lock(account_id)
    profile, _ = Profile.objects.get_or_create(account=account)
    before = {"mode": profile.mode, "chosen": profile.chosen}
    profile.mode, profile.chosen = Mode(mode), True
    profile.save(update_fields=["mode", "chosen"])
    if profile.mode == Mode.COLLECT:
        rows = Collection.objects.filter(account=account, status=CollectionStatus.ENDED)
        rows.exclude(invoice__status="PAID").update(status=CollectionStatus.DUE, due_at=now)
    audit.record(
        action="account.paying_chosen",
        account_id=account.id,
        subject=account.id,
        before=before,
        after={"mode": profile.mode, "chosen": True},
        now=now,
    )
    return profile
