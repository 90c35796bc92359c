"""Reads over memberships."""

from __future__ import annotations

from uuid import UUID

from customers.models import Membership


def membership_of(*, user_id: UUID) -> Membership | None:
    """Return the user's one membership, or None. (Named by the setting BILLING_MEMBERSHIPS.)"""
    return Membership.objects.filter(user_id=user_id).first()
