"""`/webhooks/{id}/deliveries` and `/webhook-deliveries`: what was sent, and sending it again."""

from __future__ import annotations

from typing import ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import OneOfField, TextField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.serializers import Nothing, read, read_query
from billing.http.views import path_id
from billing.kernel import clock
from billing.kernel.errors import NotFound
from webhooks import queries, services
from webhooks.api.platform.shapes import DeliverySerializer, show_delivery
from webhooks.api.platform.webhooks import WebhookView
from webhooks.errors import WebhookDisabled
from webhooks.models import DeliveryStatus, WebhookDelivery

TAGS: Final = ["Webhooks"]
SORTS: Final = {"createdAt": "created_at"}
DeliveryQuery = page_query(
    SORTS,
    status=OneOfField(choices=DeliveryStatus.values, required=False),
    eventType=TextField(most=64, required=False),
)


def show_anew(delivery: WebhookDelivery) -> dict[str, object]:
    return show_delivery(queries.delivery_of(delivery.pk))


class DeliveriesView(WebhookView):
    """What was sent to one webhook."""

    needs: ClassVar = {"GET": Need.READ}

    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="List what was sent to a webhook",
        description="The last 30 days (a setting), the newest first.",
        tags=TAGS,
        parameters=[DeliveryQuery],
        responses=listing(DeliverySerializer),
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        endpoint = self.endpoint(webhook_id)
        query = read_query(DeliveryQuery, request)
        rows = queries.shown_deliveries().filter(endpoint=endpoint)
        if "status" in query:
            rows = rows.filter(status=query["status"])
        if "eventType" in query:
            rows = rows.filter(kind=query["eventType"])
        return page_of(rows, query, SORTS, show_delivery)


class DeliveryView(WebhookView):
    """A path that names a delivery: one of another tenant's webhook is not there."""

    def delivery(self, delivery_id: str) -> WebhookDelivery:
        """Return the delivery, for a caller that may. Raises NotFound, Forbidden."""
        found = queries.delivery_of(path_id(delivery_id, "deliveryId"))
        try:
            self.endpoint(str(found.endpoint_id))
        except NotFound:
            raise NotFound(noun="delivery") from None
        return found


class OneDeliveryView(DeliveryView):
    """One delivery."""

    needs: ClassVar = {"GET": Need.READ}

    @extend_schema(
        operation_id="get_webhook_delivery",
        summary="Get a delivery",
        tags=TAGS,
        responses=DeliverySerializer,
    )
    def get(self, request: Request, delivery_id: str) -> Response:
        return Response(show_delivery(self.delivery(delivery_id)))


class ReplayView(DeliveryView):
    """The same message again."""

    needs: ClassVar = {"POST": Need.MANAGE}

    @extend_schema(
        operation_id="replay_webhook_delivery",
        summary="Send a message again",
        description="Whatever became of it. The message has the same `webhook-id`, and is tried "
        "for three days as a new one is.",
        tags=TAGS,
        request=None,
        responses={200: DeliverySerializer, **refusals(WebhookDisabled)},
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        delivery = self.delivery(delivery_id)
        read(Nothing, request.data)
        return self.answer(
            services.replay_delivery, show_anew, delivery_id=delivery.pk, now=clock.now()
        )
