"""`/stripe…` of surface A: the owner's ways to Stripe's pages, and Stripe's events."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.queries import plan_of
from billing.http.fields import IdField, TextField, UrlField
from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import Input, read
from billing.kernel import clock
from billing.kernel.errors import NotFound
from billing.stripe.current import gateway
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.subscriptions.errors import CurrencyMismatch, PlanNotActive
from paying.api import webhooks
from paying.api.addresses import return_address
from paying.buying.checkout import Returns, open_checkout
from paying.buying.portal import open_portal
from paying.errors import AlreadyOnPlan, PaymentMethodElsewhere, PriceNotAtStripe


class UpgradeInput(Input):
    """Which tier, and where the browser goes afterwards."""

    tierID = IdField()
    successURL = UrlField(most=2000)
    cancelURL = UrlField(most=2000)


class PortalSerializer(serializers.Serializer[object]):
    """Where Stripe's customer portal is."""

    url = TextField()


class UpgradeSerializer(serializers.Serializer[object]):
    """Where to buy."""

    checkoutURL = TextField()


class StripeCustomerView(PortalView):
    """Stripe's customer portal."""

    needs = {"GET": PortalNeed.OWNER}

    @extend_schema(
        operation_id="open_customer_portal",
        summary="Go to Stripe's customer portal",
        description="For the owner: where payment methods and addresses are changed. The address "
        "is good for minutes; send the browser there at once. It comes back to the first of "
        "`STRIPE_RETURN_URLS`.",
        tags=["Stripe"],
        responses={200: PortalSerializer, **refusals(StripeError, StripeNotConfigured)},
    )
    def get(self, request: Request) -> Response:
        url = open_portal(
            account_id=self.membership.customer_id,
            return_url=return_address(request, None, field=""),
            stripe=gateway(),
            now=clock.now(),
        )
        return Response({"url": url})


class UpgradeView(PortalView):
    """Stripe's checkout."""

    needs = {"POST": PortalNeed.OWNER}

    @extend_schema(
        operation_id="upgrade",
        summary="Go to Stripe's checkout for a tier",
        description="For the owner. The tier takes effect when Stripe tells us that it was bought, "
        "not when the browser comes back. Its trial is given once per customer. A tier with a "
        "`stripePriceId` becomes a subscription of Stripe's, which asks for the money from then "
        "on; for any other the page takes down how to pay, and we invoice. Addresses have to be "
        "among `STRIPE_RETURN_URLS`, where that is set. Another page closes the one before.",
        tags=["Stripe"],
        request=UpgradeInput,
        responses={
            200: UpgradeSerializer,
            **refusals(
                NotFound,
                PlanNotActive,
                CurrencyMismatch,
                AlreadyOnPlan,
                PriceNotAtStripe,
                StripeError,
                StripeNotConfigured,
            ),
        },
    )
    def post(self, request: Request) -> Response:
        given = read(UpgradeInput, request.data)
        returns = Returns(
            success_url=return_address(request, given["successURL"], field="successURL"),
            cancel_url=return_address(request, given["cancelURL"], field="cancelURL"),
        )
        return self.answer(
            open_checkout,
            lambda page: {"checkoutURL": page.url},
            account_id=self.membership.customer_id,
            plan_ref=plan_of(given["tierID"]).code,
            returns=returns,
            stripe=gateway(),
            now=clock.now(),
        )


class PaymentMethodView(PortalView):
    """Payment methods."""

    needs = {"POST": PortalNeed.OWNER}

    @extend_schema(
        operation_id="update_payment_method",
        summary="Change the payment method",
        description="For the owner. Not done here, whatever the body says: Stripe's customer "
        "portal does it.",
        tags=["Stripe"],
        request=None,
        responses=refusals(PaymentMethodElsewhere),
    )
    def post(self, request: Request) -> Response:
        _ = request.data  # readable JSON or none; what it says decides nothing
        raise PaymentMethodElsewhere


class WebhookView(PortalView):
    """Stripe's events."""

    needs = {"POST": PortalNeed.OPEN}
    authentication_classes = ()

    @extend_schema(
        operation_id="receive_stripe_event",
        summary="Receive Stripe's events",
        description=webhooks.ABOUT,
        tags=["Stripe"],
        request=webhooks.EVENT,
        responses=webhooks.RESPONSES,
    )
    def post(self, request: Request) -> Response:
        return webhooks.receive(request)
