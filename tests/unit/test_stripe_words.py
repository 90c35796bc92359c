"""Statuses in Stripe's words: each has one, and none is shared."""

from __future__ import annotations

from billing.subscriptions.models import SubscriptionStatus
from billing.subscriptions.stripe_words import STATUSES, STRIPE_WORDS, stripe_word


def test_every_status_has_a_word_of_stripes() -> None:
    said = {str(status): stripe_word(status) for status in SubscriptionStatus}

    assert said == {
        "INCOMPLETE": "incomplete",
        "TRIALING": "trialing",
        "ACTIVE": "active",
        "PAST_DUE": "past_due",
        "UNPAID": "unpaid",
        "PAUSED": "paused",
        "CANCELLED": "canceled",
    }


def test_the_way_back_loses_no_word() -> None:
    assert [STATUSES[word] for word in STRIPE_WORDS.values()] == list(SubscriptionStatus)
