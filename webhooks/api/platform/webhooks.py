"""`/webhooks` and `/tenants/{id}/webhooks`: who is told of what happens."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import FlagField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches, require
from billing.http.serializers import Nothing, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import NotFound
from billing.models import Account
from webhooks import queries, services
from webhooks.api.platform.shapes import (
    DeliverySerializer,
    NewWebhookSerializer,
    RotateInput,
    WebhookInput,
    WebhookPatch,
    WebhookSerializer,
    show_delivery,
    show_new_webhook,
    show_webhook,
)
from webhooks.errors import WebhookDisabled, WebhookLimitReached
from webhooks.models import WebhookEndpoint

TAGS: Final = ["Webhooks"]
SORTS: Final = {"createdAt": "created_at"}
WebhookList = listing(WebhookSerializer)
WebhookQuery = page_query(SORTS, enabled=FlagField(required=False))


class WebhookView(PlatformView):
    """A path that names a webhook: another tenant's is not there."""

    def endpoint(self, webhook_id: str) -> WebhookEndpoint:
        """Return the webhook, for a caller that may. Raises NotFound, Forbidden."""
        endpoint = queries.endpoint_of(path_id(webhook_id, "webhookId"))
        if endpoint.account_id is None:
            if not self.caller.is_platform_admin:
                raise NotFound(noun="webhook")
            require(self.caller, Need.ADMIN)
            return endpoint
        account = Account.objects.filter(pk=endpoint.account_id).first()
        if account is None or not reaches(self.caller, account):
            raise NotFound(noun="webhook")
        account_for(self.caller, account.pk, self.need)
        return endpoint


class WebhooksView(PlatformView):
    """The list of one owner: of a tenant, or of the operator."""

    def create(self, request: Request, account_id: UUID | None) -> Response:
        given = read(WebhookInput, request.data)
        return self.answer(
            services.create_endpoint,
            show_new_webhook,
            status=201,
            account_id=account_id,
            url=given["url"],
            event_types=given.get("eventTypes", ()),
            description=given.get("description") or "",
            now=clock.now(),
        )

    def page(self, request: Request, account_id: UUID | None) -> Response:
        query = read_query(WebhookQuery, request)
        rows = WebhookEndpoint.objects.filter(account=account_id, is_private=False)
        if "enabled" in query:
            rows = rows.filter(is_enabled=query["enabled"])
        return page_of(rows, query, SORTS, show_webhook)


class TenantWebhooksView(WebhooksView):
    """A tenant's webhooks."""

    needs: ClassVar = {"GET": Need.READ, "POST": Need.MANAGE}

    @extend_schema(
        operation_id="create_tenant_webhook",
        summary="Make a webhook of a tenant",
        description="What happens to the tenant is posted to `url`, signed by the Standard "
        "Webhooks convention with the `secret` of this answer, which is not shown again.",
        tags=TAGS,
        request=WebhookInput,
        responses={201: NewWebhookSerializer, **refusals(WebhookLimitReached)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        return self.create(request, self.account(tenant_id).pk)

    @extend_schema(
        operation_id="list_tenant_webhooks",
        summary="List a tenant's webhooks",
        tags=TAGS,
        parameters=[WebhookQuery],
        responses=WebhookList,
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        return self.page(request, self.account(tenant_id).pk)


class OperatorWebhooksView(WebhooksView):
    """The operator's own webhooks."""

    needs: ClassVar = {"GET": Need.ADMIN, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_webhook",
        summary="Make a webhook for all tenants",
        description="The operator's: what happens to any tenant is posted to it.",
        tags=TAGS,
        request=WebhookInput,
        responses={201: NewWebhookSerializer, **refusals(WebhookLimitReached)},
    )
    def post(self, request: Request) -> Response:
        return self.create(request, None)

    @extend_schema(
        operation_id="list_webhooks",
        summary="List the operator's webhooks",
        tags=TAGS,
        parameters=[WebhookQuery],
        responses=WebhookList,
    )
    def get(self, request: Request) -> Response:
        return self.page(request, None)


class OneWebhookView(WebhookView):
    """One webhook."""

    needs: ClassVar = {"GET": Need.READ, "PATCH": Need.MANAGE, "DELETE": Need.MANAGE}

    @extend_schema(
        operation_id="get_webhook",
        summary="Get a webhook",
        tags=TAGS,
        responses=WebhookSerializer,
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        return Response(show_webhook(self.endpoint(webhook_id)))

    @extend_schema(
        operation_id="update_webhook",
        summary="Change, disable or enable a webhook",
        description="Disabled, it is told of nothing, and what waited is given up; what happened "
        "meanwhile is not sent later. Enabled again it begins with what happens from then on.",
        tags=TAGS,
        request=WebhookPatch,
        responses=WebhookSerializer,
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        endpoint = self.endpoint(webhook_id)
        given = read(WebhookPatch, request.data)
        return self.answer(
            services.change_endpoint,
            show_webhook,
            endpoint_id=endpoint.pk,
            changes=services.Changes(
                url=given.get("url"),
                description=given.get("description"),
                event_types=given.get("eventTypes"),
                is_enabled=given.get("isEnabled"),
            ),
            now=clock.now(),
        )

    @extend_schema(
        operation_id="delete_webhook",
        summary="Delete a webhook",
        description="With its deliveries.",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, webhook_id: str) -> Response:
        services.delete_endpoint(endpoint_id=self.endpoint(webhook_id).pk, now=clock.now())
        return Response(status=204)


class RotateView(WebhookView):
    """Another secret."""

    needs: ClassVar = {"POST": Need.MANAGE}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Make a new secret",
        description="For `overlapSeconds` messages carry two signatures, one with each secret.",
        tags=TAGS,
        request=RotateInput,
        responses=NewWebhookSerializer,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        endpoint = self.endpoint(webhook_id)
        given = read(RotateInput, request.data)
        return self.answer(
            services.rotate_secret,
            show_new_webhook,
            endpoint_id=endpoint.pk,
            overlap=timedelta(seconds=given["overlapSeconds"]),
            now=clock.now(),
        )


class TestView(WebhookView):
    """A message to try it with."""

    __test__ = False
    needs: ClassVar = {"POST": Need.MANAGE}

    @extend_schema(
        operation_id="test_webhook",
        summary="Send a test message",
        description="A message of the type `webhook.test`, sent once. Its delivery says what "
        "came back.",
        tags=TAGS,
        request=None,
        responses={201: DeliverySerializer, **refusals(WebhookDisabled)},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        endpoint = self.endpoint(webhook_id)
        read(Nothing, request.data)
        return self.answer(
            services.send_test,
            show_delivery,
            status=201,
            endpoint_id=endpoint.pk,
            now=clock.now(),
        )
