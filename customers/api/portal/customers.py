"""`/customer`: the caller's own."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.errors import NoDefaultTier
from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import read
from billing.kernel import clock, jobs
from billing.stripe.current import gateway
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.tiers import tier_state
from customers.api.portal.shapes import (
    CustomerInput,
    CustomerSerializer,
    TierSerializer,
    tenant_address,
)
from customers.errors import AlreadyMember, OwnerStays
from customers.queries import customer_of
from customers.services import creation, deletion, members


class CustomerView(PortalView):
    """The caller's customer."""

    needs = {"POST": PortalNeed.PERSON, "GET": PortalNeed.MEMBER, "DELETE": PortalNeed.OWNER}
    statuses = {"POST": {AlreadyMember: 400}}

    @extend_schema(
        operation_id="create_customer",
        summary="Create a customer",
        description="For a user that belongs to none: it becomes the owner. The customer gets a "
        "default tenant with the same id, and a subscription to the default tier that begins at "
        "once, in that tier's currency. `name` falls back to the e-mail. Where Stripe is used it "
        "has the customer too, and `gcid` is its id there. Where Stripe fails, the answer is 502 "
        "and the same request may be sent again: it goes on with what was begun and makes one.",
        tags=["Customers"],
        request=CustomerInput,
        responses={
            201: CustomerSerializer,
            **refusals(AlreadyMember, NoDefaultTier, StripeError, StripeNotConfigured),
        },
    )
    def post(self, request: Request) -> Response:
        given = read(CustomerInput, request.data)
        return self.answer(
            creation.create_customer,
            lambda customer: CustomerSerializer(customer).data,
            status=201,
            user_id=self.caller.user_id,
            email=given["email"],
            name=given.get("name") or given["email"],
            address=tenant_address(given.get("billingAddress")),
            stripe=gateway(),
            now=clock.now(),
        )

    @extend_schema(
        operation_id="get_customer",
        summary="Get your customer",
        description="For its every member.",
        tags=["Customers"],
        responses=CustomerSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(CustomerSerializer(customer_of(self.membership.customer_id)).data)

    @extend_schema(
        operation_id="delete_customer",
        summary="Delete your customer",
        description="For its owner. With the answer the deletion is recorded and nobody has a "
        "role any more: subscriptions are cancelled, nothing is invoiced, keys are revoked. Then "
        "the Stripe customer goes, and when Stripe has confirmed it (or at once, where Stripe is "
        "not used) all that names a person. Finalized invoices stay as they were printed, as the "
        "law asks. It can't be undone.",
        tags=["Customers"],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        with_stripe = gateway().is_configured
        begun = deletion.delete_customer(
            customer_id=self.membership.customer_id,
            actor_id=self.user_id,
            with_stripe=with_stripe,
            now=clock.now(),
        )
        if not with_stripe:
            jobs.run_now(deletion.TASK, account_id=begun.pk)
        return Response(status=204)


class LeaveView(PortalView):
    """The caller's own membership."""

    needs = {"DELETE": PortalNeed.MEMBER}
    statuses = {"DELETE": {OwnerStays: 400}}

    @extend_schema(
        operation_id="leave_customer",
        summary="Leave your customer",
        description="For admins and users. The owner transfers the ownership first, or deletes "
        "the customer (400).",
        tags=["Members"],
        responses={204: None, **refusals(OwnerStays)},
    )
    def delete(self, request: Request) -> Response:
        members.leave_customer(
            customer_id=self.membership.customer_id, user_id=self.user_id, now=clock.now()
        )
        return Response(status=204)


class TierView(PortalView):
    """The tier of the caller's customer."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_customer_tier",
        summary="Get your customer's tier",
        description="The plan of the live subscription of the customer's default tenant. "
        "`isActive` says whether the tier is still offered, `trialUsed` whether its trial was "
        "given. `subscriptionStatus` is one of Stripe's words: active, trialing, past_due, "
        "unpaid, paused, incomplete. Without a live subscription the answer is a 404.",
        tags=["Customers"],
        responses={200: TierSerializer, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        account = customer_of(self.membership.customer_id).account
        catch_up(account, now=clock.now_for(account))
        return Response(TierSerializer(tier_state(account)).data)
