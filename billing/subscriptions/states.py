"""The states of a subscription, and what unpaid invoices make of it."""

from __future__ import annotations

from typing import Final

from django.db import models

from billing.kernel.states import Transitions


class SubscriptionStatus(models.TextChoices):
    INCOMPLETE = "INCOMPLETE"
    TRIALING = "TRIALING"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    UNPAID = "UNPAID"
    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"


class Standing(models.TextChoices):
    """What unpaid invoices make of a subscription: '' while nothing is overdue."""

    PAST_DUE = "PAST_DUE"
    UNPAID = "UNPAID"


S = SubscriptionStatus
TRANSITIONS: Final[Transitions] = {
    S.INCOMPLETE: frozenset({S.TRIALING, S.ACTIVE, S.CANCELLED}),
    S.TRIALING: frozenset({S.ACTIVE, S.PAUSED, S.PAST_DUE, S.CANCELLED}),
    S.ACTIVE: frozenset({S.PAST_DUE, S.PAUSED, S.CANCELLED}),
    S.PAST_DUE: frozenset({S.ACTIVE, S.UNPAID, S.PAUSED, S.CANCELLED}),
    S.UNPAID: frozenset({S.ACTIVE, S.PAST_DUE, S.PAUSED, S.CANCELLED}),
    S.PAUSED: frozenset({S.ACTIVE, S.TRIALING, S.PAST_DUE, S.CANCELLED}),
    S.CANCELLED: frozenset({S.ACTIVE, S.TRIALING}),
}
