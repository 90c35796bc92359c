"""Choosing who asks an account for money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.kernel.services import service
from billing.models import Account
from paying.models import Collection, Profile
from paying.records import CollectionStatus, Mode, Way


@service
def choose_mode(*, account_id: UUID, mode: str, way: str = "", now: datetime) -> Profile:
    """Set who asks for the money, whatever is bought from now on, and what Stripe is given of an
    invoice that it collects ("": as before).

    COLLECT takes up again what was left to Stripe. What was begun in another way is gone on with
    until it is decided; an invoice that is open at Stripe is voided. Raises TenantNotFound.
    """
    account = Account.objects.lock(account_id)
    profile, _ = Profile.objects.get_or_create(account=account)
    before = _said(profile)
    profile.mode, profile.chosen = Mode(mode), True
    profile.way = Way(way) if way else profile.way
    profile.save(update_fields=["mode", "way", "chosen"])
    if profile.mode == Mode.COLLECT:
        rows = Collection.objects.filter(account=account, status=CollectionStatus.ENDED)
        rows.exclude(invoice__status="PAID").update(status=CollectionStatus.DUE, due_at=now)
    audit.record(
        action="account.paying_chosen",
        account_id=account.id,
        subject=account.id,
        before=before,
        after=_said(profile),
        now=now,
    )
    return profile


def _said(profile: Profile) -> dict[str, object]:
    return {"mode": profile.mode, "way": profile.way, "chosen": profile.chosen}
