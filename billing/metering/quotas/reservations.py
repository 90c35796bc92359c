"""Reservations: a job of unknown size is let in for an amount, and says at its end what it took."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from billing.accounts.models import Account
from billing.catalog.models import Meter
from billing.kernel.decimals import exact, format_decimal
from billing.kernel.errors import NotFound, TenantNotFound
from billing.kernel.services import service
from billing.metering.events import AccountBatch, NewEvent
from billing.metering.quotas import counting
from billing.metering.quotas.admission import calendar_of
from billing.metering.quotas.errors import (
    ReservationEnded,
    ReservationExpired,
    SubscriptionPaused,
    TooManyReservations,
)
from billing.metering.quotas.held import Held
from billing.metering.quotas.models import QuotaReservation, ReservationStatus, UsageQuota
from billing.metering.record import record
from billing.metering.timeline import LOCK_CLASS, lock_number
from billing.subscriptions.models import Subscription, SubscriptionStatus

LIMIT_OPEN: Final = 10_000
OPEN, COMMITTED = ReservationStatus.OPEN, ReservationStatus.COMMITTED


def is_paused(account_id: UUID) -> bool:
    """Say whether the account's live subscription is paused: then nothing is let in by asking."""
    paused = Subscription.objects.filter(account_id=account_id, status=SubscriptionStatus.PAUSED)
    return paused.exists()


@service
def reserve(
    *, account_id: UUID, meter: Meter, amount: Decimal, lifetime: timedelta, now: datetime
) -> QuotaReservation:
    """Hold an amount of the meter's quota until it is committed or released, or expires.

    Without a quota nothing is held, and all is let in. `now` is the account's time. Raises
    UsageQuotaExceeded, SubscriptionPaused, TooManyReservations, TenantNotFound.
    """
    _share_timeline(account_id)
    if is_paused(account_id):
        raise SubscriptionPaused
    open_ones = QuotaReservation.objects.filter(account_id=account_id, status=OPEN)
    if open_ones.filter(expires_at__gt=now)[:LIMIT_OPEN].count() >= LIMIT_OPEN:
        raise TooManyReservations(limit=LIMIT_OPEN)
    rows = UsageQuota.objects.filter(account_id=account_id, meter=meter, is_active=True)
    quota = rows.select_related("meter", "account").first()
    if quota is not None:
        _hold(quota, amount, now=now)
    return QuotaReservation.objects.create(
        account_id=account_id,
        quota_id=quota.pk if quota else None,
        meter=meter,
        amount=amount,
        reserved_at=now,
        expires_at=now + lifetime,
    )


def _hold(quota: UsageQuota, amount: Decimal, *, now: datetime) -> None:
    with exact():
        window = _window(quota, now)
        counting.expire([window], now={quota.account_id: now})
        refusal = None
        if quota.is_hard and not window.has_room(amount):
            refusal = window.refusal()
        else:
            window.reserved += amount
            window.is_changed = True
        counting.save([window])
    if refusal is not None:
        raise refusal


@service
def commit_reservation(
    *, account_id: UUID, reservation_id: UUID, event: NewEvent, now: datetime
) -> QuotaReservation:
    """Record the event as what the reservation came to, in the window that held it.

    Up to the reserved amount it always fits; more has to fit into what is left. Where it does not,
    the reservation stays open. Raises UsageQuotaExceeded, ReservationEnded, ReservationExpired,
    NotFound, TenantNotFound.
    """
    _share_timeline(account_id)
    found, window = _take(account_id, reservation_id, now=now)
    found.status, found.ended_at = COMMITTED, now
    found.committed_amount = Decimal(event.quantity)
    found.save(update_fields=["status", "ended_at", "committed_amount"])
    _give_back(window, found.amount)
    batch = AccountBatch(account_id, [event], now)
    record([batch])
    for refusal in batch.refused.values():
        raise refusal
    return found


@service
def release_reservation(
    *, account_id: UUID, reservation_id: UUID, now: datetime
) -> QuotaReservation:
    """Give back what a reservation holds. Raises as committing does, but for the quota."""
    _share_timeline(account_id)
    found, window = _take(account_id, reservation_id, now=now)
    found.status, found.ended_at = ReservationStatus.RELEASED, now
    found.save(update_fields=["status", "ended_at"])
    _give_back(window, found.amount)
    return found


def expire_due(*, now: datetime, limit: int = 1_000) -> int:
    """Give back what expired reservations hold, of accounts on the real clock; return how many.

    Checks and recording see an expiry at once, without this: it tidies up.
    """
    on_clocks = Account.objects.filter(test_clock__isnull=False).values("pk")
    due = QuotaReservation.objects.filter(status=OPEN, expires_at__lte=now)
    due = due.exclude(account_id__in=on_clocks)
    ids = list(due.order_by("expires_at").values_list("account_id", "pk")[:limit])
    return sum(_expire_one(account_id, pk, now=now) for account_id, pk in ids)


def _expire_one(account_id: UUID, reservation_id: UUID, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        _share_timeline(account_id, even_closed=True)
        found = QuotaReservation.objects.filter(pk=reservation_id).first()
        if found is None:
            return False
        window = _window_of(found)
        found = QuotaReservation.objects.select_for_update().get(pk=reservation_id)
        if found.status != OPEN or found.expires_at > now:
            return False
        found.status, found.ended_at = ReservationStatus.EXPIRED, found.expires_at
        found.save(update_fields=["status", "ended_at"])
        _give_back(window, found.amount)
    return True


def reservation_of(account_id: UUID, reservation_id: UUID) -> QuotaReservation:
    """Return one of the account's reservations. Raises NotFound."""
    rows = QuotaReservation.objects.select_related("meter")
    found = rows.filter(pk=reservation_id, account_id=account_id).first()
    if found is None:
        raise NotFound(noun="reservation")
    return found


def _take(
    account_id: UUID, reservation_id: UUID, *, now: datetime
) -> tuple[QuotaReservation, Held | None]:
    """Lock an open reservation, after its window. Raises where it is none."""
    window = _window_of(reservation_of(account_id, reservation_id))
    rows = QuotaReservation.objects.select_for_update(of=("self",)).select_related("meter")
    found = rows.get(pk=reservation_id)
    if found.status == ReservationStatus.EXPIRED or (
        found.status == OPEN and found.expires_at <= now
    ):
        raise ReservationExpired(extra=said_of(found))
    if found.status != OPEN:
        raise ReservationEnded(extra=said_of(found), status=found.status)
    return found, window


def said_of(found: QuotaReservation) -> dict[str, object]:
    """Say what became of a reservation, beside the refusal to end it again."""
    committed = found.committed_amount
    return {
        "reservationId": str(found.pk),
        "status": found.status,
        "committedAmount": None if committed is None else format_decimal(committed),
    }


def _window_of(found: QuotaReservation) -> Held | None:
    if found.quota_id is None:
        return None
    rows = UsageQuota.objects.filter(pk=found.quota_id).select_related("meter", "account")
    quota = rows.first()
    return None if quota is None else _window(quota, found.reserved_at)


def _window(quota: UsageQuota, moment: datetime) -> Held:
    span = calendar_of([quota], moment, moment).window_of(quota.period, moment)
    (window,) = counting.hold([(quota, span)]).values()
    return window


def _give_back(window: Held | None, amount: Decimal) -> None:
    if window is not None:
        with exact():
            window.reserved -= amount
            window.is_changed = True
            counting.save([window])


def _share_timeline(account_id: UUID, *, even_closed: bool = False) -> None:
    """Keep quotas and periods as they are until the transaction ends. Raises TenantNotFound."""
    with connection.cursor() as cursor:
        numbers: list[Any] = [LOCK_CLASS, lock_number(account_id)]
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", numbers)
    accounts = Account.objects.filter(pk=account_id)
    if not even_closed and not accounts.filter(closed_at__isnull=True).exists():
        raise TenantNotFound
