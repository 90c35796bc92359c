"""`/tenants/{id}/billing/preview`: what the open period's invoice would be now."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import format_timestamp
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.errors import AmountOutOfBounds
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from invoicing import queries
from invoicing.api.platform.shapes import PreviewSerializer, show_preview


class PreviewView(PlatformView):
    """The preview."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="preview_billing",
        summary="Preview the open period's invoice",
        description="For the same events the invoice equals the preview of the last instant, to "
        "the minor unit.",
        tags=["Billing"],
        responses={200: PreviewSerializer, **refusals(NoActiveSubscription, AmountOutOfBounds)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        now = clock.now_for(account)
        catch_up(account, now=now)
        bill = queries.preview(account_id=account.id, now=now)
        return Response(show_preview(bill, as_of=format_timestamp(now)))
