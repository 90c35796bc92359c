"""A subscription's status in Stripe's lower-case words, in which surface A speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from billing.subscriptions.models import SubscriptionStatus as S

STRIPE_WORDS: Final[Mapping[str, str]] = {
    S.INCOMPLETE: "incomplete",
    S.TRIALING: "trialing",
    S.ACTIVE: "active",
    S.PAST_DUE: "past_due",
    S.UNPAID: "unpaid",
    S.PAUSED: "paused",
    S.CANCELLED: "canceled",
}
"""Every status has a word of its own; ours that waits for its start is Stripe's incomplete one."""

STATUSES: Final[Mapping[str, str]] = {word: status for status, word in STRIPE_WORDS.items()}
"""The way back: from Stripe's word to our status."""

IN_GOOD_STANDING: Final = (S.ACTIVE, S.TRIALING)
"""What Stripe's users count as an active subscription: it is paid for, or still on trial."""


def stripe_word(status: str) -> str:
    """Return Stripe's word for one of our statuses."""
    return STRIPE_WORDS[status]
