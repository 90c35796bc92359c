"""`/tenants/{id}/usage/summary` and `/usage/events`: what was used, and voiding."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.models import Meter
from billing.catalog.queries import meter_of
from billing.http.fields import (
    DecimalStringField,
    FlagField,
    ObjectField,
    OneOfField,
    TextField,
    TimeField,
    WholeField,
    format_timestamp,
)
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Input, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import NotFound, invalid
from billing.metering.events import MeterTraits
from billing.metering.pages import ABSENT, EventFilter, Position, StoredEvent, events_page
from billing.metering.summary import GroupBy, UsageLine, summarize
from billing.metering.void import void_event
from tenants.metering.queries import current_period

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACE: Final = re.compile(rb"([0-9]{1,17})[.]([0-9]{1,18})")
LONGEST_SUMMARY: Final = timedelta(days=3660)


class SummaryQuery(Input):
    """[start, end): by default the current billing period."""

    start = TimeField(required=False)
    end = TimeField(required=False)
    metricType = TextField(required=False)
    groupBy = OneOfField(choices=[group.value for group in GroupBy], default=GroupBy.METER.value)


class MetricOutput(serializers.Serializer[Any]):
    """One meter's usage, in one group where groups were asked for."""

    metricType = TextField()
    unit = TextField()
    aggregation = TextField()
    quantity = DecimalStringField()
    events = serializers.IntegerField()
    resourceId = TextField(required=False, allow_null=True)
    resourceType = TextField(required=False, allow_null=True)
    costCenterId = TextField(required=False, allow_null=True)
    hour = TimeField(required=False)
    day = TimeField(required=False)


class SummaryOutput(serializers.Serializer[Any]):
    """Usage between two instants."""

    tenantId = TextField()
    start = TimeField()
    end = TimeField()
    metrics = MetricOutput(many=True)


class EventsQuery(Input):
    """Which events, and where the page begins."""

    metricType = TextField(required=False)
    start = TimeField(required=False)
    end = TimeField(required=False)
    resourceId = TextField(required=False)
    includeVoided = FlagField(default=False)
    cursor = TextField(required=False)
    limit = WholeField(least=1, most=100, default=20)


class EventOutput(serializers.Serializer[Any]):
    """A stored event."""

    eventId = TextField()
    metricType = TextField()
    unit = TextField()
    quantity = DecimalStringField()
    timestamp = TimeField()
    recordedAt = TimeField()
    voidedAt = TimeField(allow_null=True)
    correction = FlagField()
    resourceId = TextField(allow_null=True)
    resourceType = TextField(allow_null=True)
    userId = TextField(allow_null=True)
    costCenterId = TextField(allow_null=True)
    metadata = ObjectField(allow_null=True)


class EventsOutput(serializers.Serializer[Any]):
    """A page of events. `nextCursor` is null on the last one."""

    data = EventOutput(many=True)  # type: ignore[assignment]
    nextCursor = TextField(allow_null=True)


def group_of(group_by: GroupBy, group: tuple[Any, ...]) -> dict[str, Any]:
    """Name a line's group as the answer does."""
    match group_by:
        case GroupBy.METER:
            return {}
        case GroupBy.RESOURCE:
            kind, resource = group
            return {"resourceType": kind or None, "resourceId": resource or None}
        case GroupBy.COST_CENTER:
            return {"costCenterId": None if group[0] is None else str(group[0])}
        case GroupBy.HOUR | GroupBy.DAY:
            return {group_by.value: format_timestamp(group[0])}


def metric_of(line: UsageLine, meter: Meter, group_by: GroupBy) -> dict[str, Any]:
    return {
        "metricType": meter.metric_type,
        "unit": meter.unit,
        "aggregation": meter.aggregation,
        "quantity": format_decimal(line.quantity),
        "events": line.events,
        **group_of(group_by, line.group),
    }


class UsageSummaryView(PlatformView):
    """Usage added up."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="summarize_usage",
        summary="Sum up usage",
        description="Exact for any [start, end); without them, for the current billing period, or "
        "the calendar month where there is none. Voided events are left out. Hours and days are "
        "those of UTC. An event that names no resource or cost center is under null.",
        tags=["Usage"],
        parameters=[SummaryQuery],
        responses={200: SummaryOutput, **refusals(NotFound)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        query = read_query(SummaryQuery, request)
        current = current_period(account, now=clock.now_for(account))
        start, end = query.get("start", current.start), query.get("end", current.end)
        if not start < end:
            raise invalid("end", "must be after start")
        if end - start > LONGEST_SUMMARY:
            raise invalid("end", f"must be at most {LONGEST_SUMMARY.days} days after start")
        meters = Meter.objects.in_bulk()
        wanted = meter_id_of(query)
        group_by = GroupBy(query["groupBy"])
        lines = summarize(
            account.id,
            start,
            end,
            meters={key: MeterTraits.of(meter) for key, meter in meters.items()},
            meter_id=wanted,
            group_by=group_by,
        )
        return Response(
            {
                "tenantId": str(account.id),
                "start": format_timestamp(start),
                "end": format_timestamp(end),
                "metrics": [metric_of(line, meters[line.meter_id], group_by) for line in lines],
            }
        )


def meter_id_of(query: dict[str, Any]) -> int | None:
    """Return the id of the meter that a query names. Raises NotFound (404) for an unknown one."""
    return meter_of(query["metricType"]).pk if "metricType" in query else None


def written(position: Position) -> str:
    micros = (position.occurred_at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{position.seq}".encode()).decode().rstrip("=")


def cursor_of(text: str) -> Position:
    """Read a cursor. Raises InvalidRequest for what is none of ours."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = PLACE.fullmatch(plain)
    except (ValueError, binascii.Error):
        found = None
    if found is None:
        raise invalid("cursor", "must be the nextCursor of a page")
    return Position(EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))


def event_of(event: StoredEvent, meter: Meter) -> dict[str, Any]:
    center = event.cost_center_id
    return {
        "eventId": event.event_id,
        "metricType": meter.metric_type,
        "unit": meter.unit,
        "quantity": format_decimal(event.quantity),
        "timestamp": format_timestamp(event.occurred_at),
        "recordedAt": format_timestamp(event.recorded_at),
        "voidedAt": format_timestamp(event.voided_at) if event.voided_at else None,
        "correction": event.is_correction,
        "resourceId": event.resource_id or None,
        "resourceType": event.resource_type or None,
        "userId": event.user_id or None,
        "costCenterId": None if center == ABSENT else str(center),
        "metadata": event.metadata,
    }


class UsageEventsView(PlatformView):
    """The events themselves."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="list_usage_events",
        summary="List events",
        description="Newest first, by the events' own time. Go on with `cursor=` the answer's "
        "`nextCursor`, and the same filters, until it is null: no event is lost or seen twice.",
        tags=["Usage"],
        parameters=[EventsQuery],
        responses={200: EventsOutput, **refusals(NotFound)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        query = read_query(EventsQuery, request)
        wanted = EventFilter(
            start=query.get("start"),
            end=query.get("end"),
            meter_id=meter_id_of(query),
            resource_id=query.get("resourceId", ""),
            with_voided=query["includeVoided"],
        )
        after = cursor_of(query["cursor"]) if "cursor" in query else None
        events, position = events_page(account.id, wanted, after=after, limit=query["limit"])
        meters = Meter.objects.in_bulk()
        return Response(
            {
                "data": [event_of(event, meters[event.meter_id]) for event in events],
                "nextCursor": written(position) if position else None,
            }
        )


class UsageEventView(PlatformView):
    """One event."""

    needs = {"DELETE": Need.ADMIN}

    @extend_schema(
        operation_id="void_usage_event",
        summary="Void an event",
        description="It no longer counts, and stays on record. Voiding it again changes nothing. "
        "An eventId is percent-encoded in the path, its slashes too.",
        tags=["Usage"],
        responses={204: OpenApiResponse(None, "It no longer counts.")},
    )
    def delete(self, request: Request, tenant_id: str, event_id: str) -> Response:
        account = self.account(tenant_id)
        void_event(account_id=account.id, event_id=event_id, now=clock.now_for(account))
        return Response(status=204)
