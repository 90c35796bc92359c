"""`/stripe…`: what of surface A is Stripe's to do. There is no Stripe client yet: each says so."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.queries import plan_of
from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import Input, read
from billing.kernel.errors import NotFound
from billing.stripe.errors import StripeNotConfigured
from billing.subscriptions.errors import PlanNotActive
from customers.api.portal.shapes import UpgradeInput
from customers.errors import PaymentMethodElsewhere

EVENT: Final[dict[str, Any]] = {
    "application/json": {
        "type": "object",
        "additionalProperties": True,
        "description": "An event as Stripe sends it.",
    }
}


class StripeCustomerView(PortalView):
    """Stripe's customer portal."""

    needs = {"GET": PortalNeed.OWNER}

    @extend_schema(
        operation_id="open_customer_portal",
        summary="Go to Stripe's customer portal",
        description="For the owner. This version has no Stripe client, so the answer is a 503.",
        tags=["Stripe"],
        responses=refusals(StripeNotConfigured),
    )
    def get(self, request: Request) -> Response:
        raise StripeNotConfigured


class UpgradeView(PortalView):
    """Stripe's checkout."""

    needs = {"POST": PortalNeed.OWNER}

    @extend_schema(
        operation_id="upgrade",
        summary="Go to Stripe's checkout for a tier",
        description="For the owner. The tier has to be there and active. This version has no "
        "Stripe client, so the answer to a request that is right is a 503.",
        tags=["Stripe"],
        request=UpgradeInput,
        responses=refusals(NotFound, PlanNotActive, StripeNotConfigured),
    )
    def post(self, request: Request) -> Response:
        given = read(UpgradeInput, request.data)
        tier = plan_of(given["tierID"])
        if not tier.is_active:
            raise PlanNotActive(plan=tier.code)
        raise StripeNotConfigured


class PaymentMethodView(PortalView):
    """Payment methods."""

    needs = {"POST": PortalNeed.OWNER}

    @extend_schema(
        operation_id="update_payment_method",
        summary="Change the payment method",
        description="For the owner. Not done here: Stripe's customer portal does it.",
        tags=["Stripe"],
        request=None,
        responses=refusals(PaymentMethodElsewhere),
    )
    def post(self, request: Request) -> Response:
        read(Input, request.data)
        raise PaymentMethodElsewhere


class WebhookView(PortalView):
    """Stripe's events."""

    needs = {"POST": PortalNeed.OPEN}
    authentication_classes = ()

    @extend_schema(
        operation_id="receive_stripe_event",
        summary="Receive Stripe's events",
        description="For Stripe, which signs them. This version has no Stripe client, so it "
        "refuses them with a 503 and Stripe sends them again.",
        tags=["Stripe"],
        request=EVENT,
        responses=refusals(StripeNotConfigured),
    )
    def post(self, request: Request) -> Response:
        request.data  # noqa: B018  a body that is no JSON object is a 400 first
        raise StripeNotConfigured
