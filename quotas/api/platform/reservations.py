"""`/tenants/{id}/quotas/reservations`: holding an amount for a job of unknown size."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.models import Aggregation
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Nothing, read
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import NotFound, invalid
from billing.metering.events import NewEvent
from billing.metering.quotas import reservations
from billing.metering.quotas.errors import (
    ReservationEnded,
    ReservationExpired,
    SubscriptionPaused,
    TooManyReservations,
    UsageQuotaExceeded,
)
from billing.metering.quotas.models import QuotaReservation
from billing.models import Account
from billing.subscriptions.catch_up import catch_up
from quotas.api.platform.shapes import (
    CommitInput,
    ReservationInput,
    ReservationSerializer,
    event_id_of,
    meter_named,
    show_reservation,
)
from tenants.metering.checks import Checker
from tenants.metering.wire import Wire

TAGS: Final = ["Quotas"]
EXACTLY: Final = msgspec.json.Encoder(decimal_format="number")


class ReservationsView(PlatformView):
    """New reservations."""

    needs: ClassVar = {"POST": Need.RECORD}

    @extend_schema(
        operation_id="reserve_quota",
        summary="Reserve an amount of a quota",
        description="It is held until it is committed, released, or `ttlSeconds` (a day at most) "
        "are over; until then it counts beside the usage, so that a job of unknown size can't take "
        "the tenant over a hard quota. Where the meter has no quota, nothing is held and all is "
        "let in. For meters that sum.",
        tags=TAGS,
        request=ReservationInput,
        responses={
            201: ReservationSerializer,
            **refusals(UsageQuotaExceeded, SubscriptionPaused, TooManyReservations),
        },
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        given = read(ReservationInput, request.data)
        meter = meter_named(given["resourceType"])
        if meter.aggregation != Aggregation.SUM:
            raise invalid("resourceType", "must be a meter that sums: its usage adds up")
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(
            reservations.reserve,
            show_reservation,
            status=201,
            account_id=account.id,
            meter=meter,
            amount=given["amount"],
            lifetime=timedelta(seconds=given["ttlSeconds"]),
            now=now,
        )


class ReservationView(PlatformView):
    """One reservation."""

    needs: ClassVar = {"GET": Need.ASK}

    @extend_schema(
        operation_id="get_reservation",
        summary="Get a reservation",
        tags=TAGS,
        responses={200: ReservationSerializer, **refusals(NotFound)},
    )
    def get(self, request: Request, tenant_id: str, reservation_id: str) -> Response:
        account = self.account(tenant_id)
        found = reservations.reservation_of(account.id, path_id(reservation_id, "reservationId"))
        return Response(show_reservation(found))


class CommitView(PlatformView):
    """What the job came to."""

    needs: ClassVar = {"POST": Need.RECORD}

    @extend_schema(
        operation_id="commit_reservation",
        summary="Commit a reservation",
        description="Records a usage event of `amount` at the instant of the reservation, so in "
        "the window that held it; `eventId` in the answer names it. Up to the reserved amount it "
        "always fits, and the rest is given back; more has to fit into what is left of the quota, "
        "else 403, and the reservation stays open. A reservation ends once: send an "
        "Idempotency-Key, so that a repeated request gets the first answer.",
        tags=TAGS,
        request=CommitInput,
        responses={
            200: ReservationSerializer,
            **refusals(UsageQuotaExceeded, ReservationEnded, ReservationExpired, NotFound),
        },
    )
    def post(self, request: Request, tenant_id: str, reservation_id: str) -> Response:
        account = self.account(tenant_id)
        given = read(CommitInput, request.data)
        found = reservations.reservation_of(account.id, path_id(reservation_id, "reservationId"))
        return self.answer(
            reservations.commit_reservation,
            show_reservation,
            account_id=account.id,
            reservation_id=found.pk,
            event=self.event(account, found, given),
            now=clock.now_for(account),
        )

    @staticmethod
    def event(account: Account, found: QuotaReservation, given: dict[str, Any]) -> NewEvent:
        """Make the event that is recorded, checked as one that came in by itself."""
        amount = given.get("amount")
        center: UUID | None = given.get("costCenterId")
        metadata = given.get("metadata")
        wire = Wire(
            metricType=found.meter.metric_type,
            quantity=msgspec.Raw(
                format_decimal(found.amount if amount is None else amount).encode()
            ),
            eventId=event_id_of(found),
            timestamp=found.reserved_at,
            resourceId=given.get("resourceId"),
            userId=given.get("userId"),
            costCenterId=None if center is None else str(center),
            costCenterCode=given.get("costCenterCode"),
        )
        if metadata is not None:
            wire.metadata = msgspec.Raw(EXACTLY.encode(metadata))
        checker = Checker(account.id, now=clock.now_for(account), may_correct=False, body=b"")
        event = checker.shape(wire)
        checker.rules(wire, event)
        return event


class ReleaseView(PlatformView):
    """A job that came to nothing."""

    needs: ClassVar = {"POST": Need.RECORD}

    @extend_schema(
        operation_id="release_reservation",
        summary="Release a reservation",
        description="What it holds is given back. It ends once.",
        tags=TAGS,
        request=None,
        responses={
            200: ReservationSerializer,
            **refusals(ReservationEnded, ReservationExpired, NotFound),
        },
    )
    def post(self, request: Request, tenant_id: str, reservation_id: str) -> Response:
        account = self.account(tenant_id)
        read(Nothing, request.data)
        return self.answer(
            reservations.release_reservation,
            show_reservation,
            account_id=account.id,
            reservation_id=path_id(reservation_id, "reservationId"),
            now=clock.now_for(account),
        )
