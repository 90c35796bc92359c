"""The tables of this app, by what they are about."""

from paying.records.buying import Checkout, CheckoutStatus
from paying.records.comparing import Reconciliation
from paying.records.inbox import EventSource, EventStatus, StripeEvent, StripeThing
from paying.records.money import (
    INTENT_TRANSITIONS,
    TAKEN,
    Collection,
    CollectionStatus,
    Intent,
    IntentStatus,
    Purpose,
    Receipt,
)
from paying.records.profiles import Mode, Profile, Way

__all__ = [
    "INTENT_TRANSITIONS",
    "TAKEN",
    "Checkout",
    "CheckoutStatus",
    "Collection",
    "CollectionStatus",
    "EventSource",
    "EventStatus",
    "Intent",
    "IntentStatus",
    "Mode",
    "Profile",
    "Purpose",
    "Receipt",
    "Reconciliation",
    "StripeEvent",
    "StripeThing",
    "Way",
]
