"""What is used of a tier's limits, as pages and the API show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Sum

from customers.models import Membership
from quotas import rates
from quotas.consuming import MEMBERS, left_of
from quotas.models import Kind, QuotaUse, UserEvent, UserTally
from quotas.rates import Rate
from quotas.tiers import Limit, Tier
from quotas.windows import span_of

NEWEST: Final = 100


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of one limit. `reset_at` in unix seconds; 0: it never resets."""

    limit: Limit
    used: int
    reset_at: int

    @property
    def remaining(self) -> int:
        return left_of(self.limit.value, self.used)

    @property
    def is_locked(self) -> bool:
        return self.remaining == 0


def rate_uses(subject: str, tier: Tier, *, now: datetime) -> list[Use]:
    """Return the use of every rate of the tier, also of those that nobody has used yet.

    `subject` is an account's id, or `ip:` and an address. Raises redis.RedisError.
    """
    limits = [limit for limit in tier.limits.limits if limit.window]
    asked = [
        Rate(
            subject=subject,
            service_name=limit.service_name,
            feature_key=limit.feature_key,
            window=limit.window,
            limit=limit.value,
        )
        for limit in limits
    ]
    counts = rates.used_of(asked, now=now)
    return [
        Use(limit, used, span_of(limit.window, now).end)
        for limit, used in zip(limits, counts, strict=True)
    ]


def quota_uses(account_id: UUID, tier: Tier) -> list[Use]:
    """Return the use of every standing quota of the tier. The members' follows the team."""
    limits = [limit for limit in tier.limits.limits if not limit.window]
    names = {(limit.service_name, limit.feature_key) for limit in limits}
    rows = QuotaUse.objects.filter(account_id=account_id)
    held = {(row.service_name, row.feature_key): row.used for row in rows}
    if MEMBERS in names:
        held[MEMBERS] = Membership.objects.filter(customer_id=account_id).count()
    return [Use(limit, held.get((limit.service_name, limit.feature_key), 0), 0) for limit in limits]


def by_service(uses: Iterable[Use]) -> dict[str, list[Use]]:
    grouped: dict[str, list[Use]] = {}
    for use in uses:
        grouped.setdefault(use.limit.service_name, []).append(use)
    return grouped


def events_of(user_id: UUID, kind: Kind) -> tuple[int, Sequence[UserEvent]]:
    """Return how many times ever a user used limits of a kind, and the newest hundred times."""
    mine = {"user_id": user_id, "kind": kind}
    total = UserTally.objects.filter(**mine).aggregate(total=Sum("total"))["total"]
    newest = UserEvent.objects.filter(**mine).order_by("-used_at", "-number", "-account_id")
    return total or 0, list(newest[:NEWEST])
