"""What is told of money before it came here (a refund, a dispute): kept, and read again then.

Who receives the money, and who writes down that an event is nobody's, take turns over the payment
intent: either the one finds the event kept, or the other finds that the money has come.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Q

from billing.kernel.locks import number_of
from paying.models import Receipt, StripeEvent
from paying.records import EventStatus


def wake_early_ones(intent_id: str, *, now: datetime) -> None:
    """Have what was told of an intent's money read again. Opens no transaction: the receipt is
    written in the caller's.
    """
    if intent_id:
        _take_turn(intent_id)
        early = StripeEvent.objects.filter(intent_id=intent_id, status=EventStatus.KEPT)
        early.update(status=EventStatus.WAITING, due_at=now, attempts=0)


def has_come(intent_id: str) -> bool:
    """Say whether money of an intent has come, perhaps while an event of it was read. Nobody
    receives any until the caller's transaction ends.
    """
    if not intent_id:
        return False
    _take_turn(intent_id)
    return Receipt.objects.filter(Q(intent_id=intent_id) | Q(stripe_id=intent_id)).exists()


def _take_turn(intent_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number_of(intent_id)])
