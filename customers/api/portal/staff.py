"""`/admin/customer/{customerID}…`: teams and deletion of any customer, for billing_admin."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.openapi import refusals
from billing.http.paging import PortalPageQuery, portal_page_of
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import read, read_query
from billing.http.views import path_id
from billing.kernel import clock, jobs
from billing.stripe.current import gateway
from customers.administration import customer_summary
from customers.api.portal.administration import CustomerDetailSerializer
from customers.api.portal.shapes import (
    ACKNOWLEDGED,
    AcknowledgedSerializer,
    MemberInput,
    MemberList,
    MemberSerializer,
)
from customers.errors import AlreadyMember, OwnerByTransfer, OwnerStays
from customers.queries import customer_of, members_of
from customers.services import deletion, members


class AnyCustomerView(PortalView):
    """Any customer."""

    needs = {"GET": PortalNeed.ADMIN, "DELETE": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="get_any_customer",
        summary="Get a customer",
        description="Any customer, with the id of its tier.",
        tags=["Administration"],
        responses=CustomerDetailSerializer,
    )
    def get(self, request: Request, customerID: str) -> Response:
        found = customer_summary(path_id(customerID, "customerID"))
        return Response(CustomerDetailSerializer(found).data)

    @extend_schema(
        operation_id="delete_any_customer",
        summary="Delete any customer",
        description="As its owner's own deletion. Asked for again while it is on its way, it goes "
        "on at once, also where it had been given up; once the record is gone it is a 404.",
        tags=["Administration"],
        responses={204: None},
    )
    def delete(self, request: Request, customerID: str) -> Response:
        with_stripe = gateway().is_configured
        begun = deletion.delete_any_customer(
            customer_id=path_id(customerID, "customerID"), with_stripe=with_stripe, now=clock.now()
        )
        if not with_stripe:
            jobs.run_now(deletion.TASK, account_id=begun.pk)
        return Response(status=204)


class AnyMembersView(PortalView):
    """Any customer's team."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="list_members_of_any",
        summary="List any customer's team",
        description="The owner first, then the admins, then the users. Empty for a customer that "
        "is being deleted.",
        tags=["Administration"],
        parameters=[PortalPageQuery],
        responses=MemberList,
    )
    def get(self, request: Request, customerID: str) -> Response:
        query = read_query(PortalPageQuery, request)
        rows = members_of(customer_of(path_id(customerID, "customerID")).pk)
        return portal_page_of(rows, query, "members", lambda row: MemberSerializer(row).data)


class AnyMemberView(PortalView):
    """Members of any customer's team."""

    needs = {"POST": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="add_member_to_any",
        summary="Add a member to any customer",
        description="As an admin or a user. The tier's seats do not bind here. A user that belongs "
        "to a customer, whichever, is a 409.",
        tags=["Administration"],
        request=MemberInput,
        responses={201: AcknowledgedSerializer, **refusals(OwnerByTransfer, AlreadyMember)},
    )
    def post(self, request: Request, customerID: str) -> Response:
        customer_id = path_id(customerID, "customerID")
        given = read(MemberInput, request.data)
        return self.answer(
            members.add_member,
            lambda _: ACKNOWLEDGED,
            status=201,
            customer_id=customer_id,
            actor_id=None,
            user_id=given["userID"],
            role=given["role"],
            now=clock.now(),
        )


class AnyOneMemberView(PortalView):
    """One member of any customer's team."""

    needs = {"DELETE": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="remove_member_of_any",
        summary="Remove a member of any customer",
        description="But not its owner: the ownership is transferred first (409).",
        tags=["Administration"],
        responses={204: None, **refusals(OwnerStays)},
    )
    def delete(self, request: Request, customerID: str, userID: str) -> Response:
        members.remove_member(
            customer_id=path_id(customerID, "customerID"),
            actor_id=None,
            user_id=path_id(userID, "userID"),
            now=clock.now(),
        )
        return Response(status=204)
