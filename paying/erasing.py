"""The part that paying has in forgetting a person: what Stripe was to be told, and the card."""

from __future__ import annotations

from datetime import datetime

from billing.models import LockedAccount
from paying.models import Profile


def erase_profile(account: LockedAccount, *, now: datetime) -> bool:
    """Empty what names a person or a card; return whether some is left.

    Ids of Stripe's stay with the amounts that they explain. (Named by the setting
    BILLING_ERASERS.)
    """
    Profile.objects.filter(pk=account.pk).update(
        asked={}, asked_at=None, payment_method="", tell_at=None
    )
    return False
