"""`/customer/members`, `/customer/member` and `/customer/transfer-ownership`: the caller's team."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.openapi import refusals
from billing.http.paging import PortalPageQuery, portal_page_of
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import read, read_query
from billing.http.views import path_id
from billing.kernel import clock
from billing.kernel.errors import NotFound
from customers.api.portal.shapes import (
    ACKNOWLEDGED,
    AcknowledgedSerializer,
    MemberInput,
    MemberList,
    MemberSerializer,
    TransferInput,
)
from customers.errors import (
    AlreadyMember,
    MemberLimitReached,
    NotOnYourself,
    OwnerByTransfer,
    OwnerStays,
    RoleTooHigh,
)
from customers.queries import members_of
from customers.services import members


class MembersView(PortalView):
    """The caller's team."""

    needs = {"GET": PortalNeed.TEAM_ADMIN}

    @extend_schema(
        operation_id="list_members",
        summary="List your team",
        description="For its owner and admins: the owner first, then the admins, then the users.",
        tags=["Members"],
        parameters=[PortalPageQuery],
        responses=MemberList,
    )
    def get(self, request: Request) -> Response:
        query = read_query(PortalPageQuery, request)
        rows = members_of(self.membership.customer_id)
        return portal_page_of(rows, query, "members", lambda row: MemberSerializer(row).data)


class MemberView(PortalView):
    """Members of the caller's team."""

    needs = {"POST": PortalNeed.TEAM_ADMIN, "PUT": PortalNeed.TEAM_ADMIN}
    statuses = {"POST": {AlreadyMember: 412}, "PUT": {OwnerStays: 412}}

    @extend_schema(
        operation_id="add_member",
        summary="Add a member",
        description="For the owner and admins. `role` is admin or user, or the older 1 or 2. The "
        "tier's quota `billing`/`members` says how many a team may have, its owner included "
        "(402). A user that belongs to a customer, whichever, is a 412.",
        tags=["Members"],
        request=MemberInput,
        responses={
            201: AcknowledgedSerializer,
            **refusals(OwnerByTransfer, RoleTooHigh, MemberLimitReached, AlreadyMember),
        },
    )
    def post(self, request: Request) -> Response:
        given = read(MemberInput, request.data)
        return self.answer(
            members.add_member,
            lambda _: ACKNOWLEDGED,
            status=201,
            customer_id=self.membership.customer_id,
            actor_id=self.user_id,
            user_id=given["userID"],
            role=given["role"],
            now=clock.now(),
        )

    @extend_schema(
        operation_id="change_member_role",
        summary="Change a member's role",
        description="For the owner and admins; an admin can't change another admin (403). Nobody "
        "changes the own role (400), and nobody the owner's (412).",
        tags=["Members"],
        request=MemberInput,
        responses={
            200: AcknowledgedSerializer,
            **refusals(NotOnYourself, OwnerByTransfer, RoleTooHigh, NotFound, OwnerStays),
        },
    )
    def put(self, request: Request) -> Response:
        given = read(MemberInput, request.data)
        members.change_role(
            customer_id=self.membership.customer_id,
            actor_id=self.user_id,
            user_id=given["userID"],
            role=given["role"],
            now=clock.now(),
        )
        return Response(ACKNOWLEDGED)


class OneMemberView(PortalView):
    """One member of the caller's team."""

    needs = {"DELETE": PortalNeed.TEAM_ADMIN}
    statuses = {"DELETE": {NotOnYourself: 412, OwnerStays: 403}}

    @extend_schema(
        operation_id="remove_member",
        summary="Remove a member",
        description="For the owner and admins; an admin can't remove another admin, and nobody the "
        "owner (403). To go oneself, use leave (412).",
        tags=["Members"],
        responses={204: None, **refusals(NotOnYourself, RoleTooHigh, OwnerStays)},
    )
    def delete(self, request: Request, userID: str) -> Response:
        members.remove_member(
            customer_id=self.membership.customer_id,
            actor_id=self.user_id,
            user_id=path_id(userID, "userID"),
            now=clock.now(),
        )
        return Response(status=204)


class TransferView(PortalView):
    """The ownership of the caller's customer."""

    needs = {"POST": PortalNeed.OWNER}

    @extend_schema(
        operation_id="transfer_ownership",
        summary="Transfer the ownership",
        description="For the owner: another member becomes the owner, the old one an admin, at "
        "once. `newOwnerUserID` may be called `userID`.",
        tags=["Members"],
        request=TransferInput,
        responses={200: AcknowledgedSerializer, **refusals(NotOnYourself, NotFound)},
    )
    def post(self, request: Request) -> Response:
        given = read(TransferInput, request.data)
        return self.answer(
            members.transfer_ownership,
            lambda _: ACKNOWLEDGED,
            customer_id=self.membership.customer_id,
            actor_id=self.user_id,
            user_id=next(iter(given.values())),
            now=clock.now(),
        )
