"""`/realtime-cost/tenants/{id}/stream`: `current` as server-sent events."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connections
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Nothing, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from costs.api.platform.realtime import TAGS
from costs.api.platform.shapes import show_current
from costs.errors import TenantHasStreams, TooManyStreams
from costs.streams import Hub, Stream
from costs.watching import mark_of, message_of, reader

SEEN: Final = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="The `id` of the last event that you have: the first one is sent only if it is "
    "another. Every event holds all of `current`, so none that was missed is missing.",
)
HUB: Final = Hub(mark=mark_of, read=reader(lambda current, now: show_current(current, now=now)))


class StreamView(PlatformView):
    """As it happens."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="stream_cost",
        summary="Follow what the open period costs",
        description="Server-sent events (`text/event-stream`), each `event: current` with the "
        "body of `current` as its data: one at once, then one whenever it has changed, at most "
        "one a second. A comment comes every 10 seconds while nothing changes. A stream ends "
        "after some minutes, when the subscription does, and when the server is stopped: come "
        "back with `Last-Event-ID`, as browsers' `EventSource` does by itself.",
        tags=TAGS,
        parameters=[SEEN],
        responses={
            (200, "text/event-stream"): OpenApiResponse(OpenApiTypes.STR, "The events."),
            **refusals(NoActiveSubscription, TenantHasStreams, TooManyStreams),
        },
    )
    def get(self, request: Request, tenant_id: str) -> StreamingHttpResponse:
        account = self.account(tenant_id)
        read_query(Nothing, request)
        catch_up(account, now=clock.now_for(account))
        first = message_of(account, lambda current, now: show_current(current, now=now))
        stream = HUB.open(
            account.id,
            first,
            seen=request.headers.get("Last-Event-ID"),
            most=settings.BILLING["BILLING_STREAMS"],
            most_per_account=settings.BILLING["BILLING_STREAMS_PER_TENANT"],
            seconds=settings.BILLING["BILLING_STREAM_SECONDS"],
        )
        return answer(stream)


def answer(stream: Stream) -> StreamingHttpResponse:
    """Answer with a stream, and keep no connection to the database meanwhile."""
    connection = connections["default"]
    if not connection.in_atomic_block:
        connection.close()
    return StreamingHttpResponse(
        stream,
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )
