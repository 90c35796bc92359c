"""`/stripe…` of surface B: a tenant's ways to Stripe's pages, and Stripe's events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import IdField, TextField, UrlField
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for
from billing.http.serializers import Input, read_action
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.errors import NotFound, TenantMismatch, TenantNotFound, invalid_fields
from billing.stripe.current import gateway
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.subscriptions.errors import CurrencyMismatch, PlanNotActive
from paying.api import webhooks
from paying.api.addresses import return_address
from paying.buying.checkout import Page, Returns, open_checkout
from paying.buying.portal import open_portal
from paying.errors import AlreadyOnPlan, PriceNotAtStripe


class CheckoutInput(Input):
    """Who buys which plan (a version's id, or a code), and where the browser goes afterwards."""

    tenantId = IdField()
    planId = TextField()
    successUrl = UrlField(required=False, allow_null=True, most=2000)
    cancelUrl = UrlField(required=False, allow_null=True, most=2000)


class CheckoutSerializer(serializers.Serializer[Any]):
    """A page at Stripe."""

    sessionId = TextField()
    sessionUrl = TextField()


class CustomerPortalInput(Input):
    """Whose portal: a tenant's, or a customer's (which is its default tenant's)."""

    tenantId = IdField(required=False, allow_null=True)
    customerId = IdField(required=False, allow_null=True)
    returnUrl = UrlField(required=False, allow_null=True, most=2000)


class CustomerPortalSerializer(serializers.Serializer[Any]):
    """Where Stripe's customer portal is."""

    portalUrl = TextField()


def show(page: Page) -> dict[str, str]:
    return {"sessionId": page.id, "sessionUrl": page.url}


class CheckoutView(PlatformView):
    """Stripe's checkout."""

    needs = {"POST": Need.OWN}

    @extend_schema(
        operation_id="open_checkout",
        summary="Open a page at Stripe on which a plan is bought",
        description="The plan takes effect when Stripe tells us that it was bought, not when the "
        "browser comes back. Its trial is given once per customer. A plan with a `stripePriceId` "
        "becomes a subscription of Stripe's, which asks for the money from then on; for any other "
        "the page takes down how to pay, and our invoices are collected. A tenant that Stripe "
        "does not know is made known to it. Without addresses the browser comes back to the "
        "first of `STRIPE_RETURN_URLS`; where that is set, others have to lie below one of them. "
        "Another page closes the one before. The parameters may stand in the query.",
        tags=["Stripe"],
        request=CheckoutInput,
        responses={
            200: CheckoutSerializer,
            **refusals(
                TenantMismatch,
                TenantNotFound,
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
        given = read_action(CheckoutInput, request)
        account = account_for(self.caller, given["tenantId"], self.need)
        returns = Returns(
            success_url=return_address(request, given.get("successUrl"), field="successUrl"),
            cancel_url=return_address(request, given.get("cancelUrl"), field="cancelUrl"),
        )
        return self.answer(
            open_checkout,
            show,
            account_id=account.id,
            plan_ref=given["planId"],
            returns=returns,
            stripe=gateway(),
            now=clock.now(),
        )


class CustomerPortalView(PlatformView):
    """Stripe's customer portal."""

    needs = {"POST": Need.OWN}

    @extend_schema(
        operation_id="open_portal",
        summary="Open Stripe's customer portal",
        description="Where payment methods and addresses are changed. Name the tenant or the "
        "customer. The address is good for minutes. The parameters may stand in the query.",
        tags=["Stripe"],
        request=CustomerPortalInput,
        responses={
            200: CustomerPortalSerializer,
            **refusals(TenantMismatch, TenantNotFound, StripeError, StripeNotConfigured),
        },
    )
    def post(self, request: Request) -> Response:
        given = read_action(CustomerPortalInput, request)
        ids: list[UUID | None] = [given.get("tenantId"), given.get("customerId")]
        named = {one for one in ids if one is not None}
        if len(named) != 1:
            rule = "give one of tenantId and customerId" if not named else "differ: give one"
            raise invalid_fields([("tenantId", rule), ("customerId", rule)])
        account = account_for(self.caller, named.pop(), self.need)
        url = open_portal(
            account_id=account.id,
            return_url=return_address(request, given.get("returnUrl"), field="returnUrl"),
            stripe=gateway(),
            now=clock.now(),
        )
        return Response({"portalUrl": url})


class WebhookView(PlatformView):
    """Stripe's events."""

    needs = {"POST": Need.OPEN}
    authentication_classes = ()

    @extend_schema(
        operation_id="receive_stripe_event_on_platform",
        summary="Receive Stripe's events",
        description=webhooks.ABOUT,
        tags=["Stripe"],
        request=webhooks.EVENT,
        responses=webhooks.RESPONSES,
    )
    def post(self, request: Request) -> Response:
        return webhooks.receive(request)
