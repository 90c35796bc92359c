"""The endpoints of plans."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.platform.plans.inputs import (
    PlanInput,
    PlanPatch,
    details_of,
    limits_of,
    prices_of,
)
from billing.api.platform.plans.outputs import PlanSerializer, show
from billing.catalog import services
from billing.catalog.drafts import VersionDraft
from billing.catalog.errors import PlanArchived, PlanIsDefault, PlanVersionSuperseded
from billing.catalog.models import PlanVersion
from billing.catalog.queries import version_with_parts
from billing.http.fields import FlagField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.serializers import Nothing, read, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.errors import AlreadyExists

SORTS: Final = {
    "createdAt": "created_at",
    "sortOrder": "plan__sort_order",
    "code": "plan__code",
    "name": "plan__name",
}
PlanQuery = page_query(SORTS, active=FlagField(required=False))
REFERENCE: Final = "`planId` is a version's id, or a code: its newest version. "


class PlansView(PlatformView):
    """All plans, each in its newest version."""

    needs = {"GET": Need.CALLER, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_plan",
        summary="Create a plan",
        description="At most 100 charges, 100 tiers a charge, 200 limits; "
        "amounts with at most the currency's decimals, rates with at most 12. Of one meter's "
        "charges each has another filter, and one at most has none. A new default takes the "
        "place of the old one.",
        tags=["Plans"],
        request=PlanInput,
        responses={201: PlanSerializer, **refusals(AlreadyExists, PlanArchived)},
    )
    def post(self, request: Request) -> Response:
        given = read(PlanInput, request.data)
        return self.answer(
            services.create_plan,
            show,
            status=201,
            code=given["code"],
            details=details_of(given),
            prices=VersionDraft(**prices_of(given)),
            limits=limits_of(given) or (),
            now=clock.now(),
        )

    @extend_schema(
        operation_id="list_plans",
        summary="List plans",
        description="Each plan once, in its newest version.",
        tags=["Plans"],
        parameters=[PlanQuery],
        responses=listing(PlanSerializer),
    )
    def get(self, request: Request) -> Response:
        query = read_query(PlanQuery, request)
        rows = PlanVersion.objects.newest().with_parts()
        if "active" in query:
            rows = rows.filter(plan__is_active=query["active"])
        return page_of(rows, query, SORTS, show)


class PlanView(PlatformView):
    """One plan."""

    needs = {"GET": Need.CALLER, "PATCH": Need.ADMIN}

    @extend_schema(
        operation_id="get_plan",
        summary="Get a plan",
        description=f"{REFERENCE}An older version shows its own prices.",
        tags=["Plans"],
        responses=PlanSerializer,
    )
    def get(self, request: Request, plan_id: str) -> Response:
        return Response(show(version_with_parts(plan_id)))

    @extend_schema(
        operation_id="update_plan",
        summary="Change a plan",
        description=f"{REFERENCE}Only what is given changes; `charges` and "
        "`limits` are replaced whole. `name`, `description`, `isActive`, `isDefault`, `sortOrder` "
        "and `limits` change for every version. Anything else is about prices: it makes a new "
        "version for new subscriptions, which is answered; the old one keeps its id, its prices "
        "and its subscribers. What changes nothing makes no version. Prices of an older version "
        "can't be changed (409).",
        tags=["Plans"],
        request=PlanPatch,
        responses={
            200: PlanSerializer,
            **refusals(PlanVersionSuperseded, PlanIsDefault, PlanArchived),
        },
    )
    def patch(self, request: Request, plan_id: str) -> Response:
        given = read(PlanPatch, request.data)
        return self.answer(
            services.update_plan,
            show,
            reference=plan_id,
            details=details_of(given),
            prices=prices_of(given),
            limits=limits_of(given),
            now=clock.now(),
        )


class ArchivePlanView(PlatformView):
    """The end of a plan's offer."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="archive_plan",
        summary="Archive a plan",
        description=f"{REFERENCE}No new subscription gets it; who has it keeps "
        "it. Again: 200, unchanged. PATCH `isActive` to offer it again.",
        tags=["Plans"],
        request=None,
        responses={200: PlanSerializer, **refusals(PlanIsDefault)},
    )
    def post(self, request: Request, plan_id: str) -> Response:
        read(Nothing, request.data)
        return self.answer(services.archive_plan, show, reference=plan_id, now=clock.now())
