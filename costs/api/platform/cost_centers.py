"""`/cost-centers`: a tenant's own tree of who answers for its usage, and what each has spent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import (
    AmountField,
    CodeField,
    FlagField,
    IdField,
    TextField,
)
from billing.http.openapi import refusals
from billing.http.paging import page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import AlreadyExists, NotFound, invalid
from billing.kernel.money import parse_amount
from billing.models import Account
from billing.subscriptions.catch_up import catch_up
from costs.api.platform.center_shapes import (
    CostCenterSerializer,
    CostCentersOutput,
    show_center,
    show_list,
    show_tree,
)
from costs.queries import CenterSpends, center_spends
from tenants.cost_centers import services
from tenants.cost_centers.errors import CostCenterHasChildren, TooManyCostCenters
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.queries import cost_center_of

TAGS: Final = ["Cost centers"]
SORTS: Final = {"createdAt": "created_at", "code": "code", "name": "name"}


class CostCenterInput(Input):
    """A new cost center."""

    tenantId = IdField()
    name = TextField()
    code = CodeField(in_paths=False)
    description = TextField(least=0, most=2000, required=False, allow_null=True)
    parentId = IdField(required=False, allow_null=True)
    budget = AmountField(required=False, allow_null=True)


class CostCenterChange(Input):
    """What of a cost center changes; null clears what may be absent."""

    tenantId = IdField(required=False)
    name = TextField(required=False)
    code = CodeField(in_paths=False, required=False)
    description = TextField(least=0, most=2000, required=False, allow_null=True)
    parentId = IdField(required=False, allow_null=True)
    budget = AmountField(required=False, allow_null=True)
    isActive = FlagField(required=False)


CostCentersQuery = page_query(
    SORTS, tree=FlagField(required=False), active=FlagField(required=False)
)


def details_of(given: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Turn the wire's names into the model's. Raises InvalidRequest for a budget that is none."""
    names = {"name": "name", "code": "code", "parentId": "parent_id", "isActive": "is_active"}
    details = {names[name]: value for name, value in given.items() if name in names}
    if "description" in given:
        details["description"] = given["description"] or ""
    if "budget" in given:
        details["budget_minor"] = _budget(given["budget"], currency)
    return details


def _budget(value: Any, currency: str) -> int | None:
    if value is None:
        return None
    try:
        return parse_amount(value, currency).minor
    except ValueError as error:
        raise invalid("budget", str(error)) from None


def spends_now(account: Account, *, now: datetime) -> CenterSpends:
    catch_up(account, now=now)
    return center_spends(account, now=now)


class CostCentersView(PlatformView):
    """New ones."""

    needs: ClassVar = {"POST": Need.MANAGE}

    def authorise(self, need: Need, kwargs: dict[str, Any]) -> None:
        """The tenant stands in the body."""

    @extend_schema(
        operation_id="create_cost_center",
        summary="Make a cost center",
        description="For admins and the owner of the tenant's customer. The code is the tenant's "
        "only one (letter case matters); usage names it, or the id. At most 1,000 a tenant, in 16 "
        "levels.",
        tags=TAGS,
        request=CostCenterInput,
        responses={201: CostCenterSerializer, **refusals(AlreadyExists, TooManyCostCenters)},
    )
    def post(self, request: Request) -> Response:
        given = read(CostCenterInput, request.data)
        account = account_for(self.caller, given["tenantId"], Need.MANAGE)
        return self.answer(
            services.create_cost_center,
            lambda center: show_center(center, account.currency),
            status=201,
            account_id=account.id,
            details=details_of(given, account.currency),
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )


class CostCenterView(PlatformView):
    """One cost center: another tenant's is not there."""

    needs: ClassVar = {"GET": Need.READ, "PUT": Need.MANAGE, "DELETE": Need.MANAGE}

    def center(self, center_id: str) -> tuple[Account, CostCenter]:
        """Return the cost center and its account. Raises NotFound, Forbidden."""
        found = cost_center_of(path_id(center_id, "costCenterId"))
        if not reaches(self.caller, found.account):
            raise NotFound(noun="cost center")
        return account_for(self.caller, found.account_id, self.need), found

    @extend_schema(
        operation_id="get_cost_center",
        summary="Get a cost center",
        description="`currentSpend` is its own part of the open period's usage cost, "
        "`subtreeSpend` that with all below it.",
        tags=TAGS,
        responses=CostCenterSerializer,
    )
    def get(self, request: Request, center_id: str) -> Response:
        account, found = self.center(center_id)
        return Response(self.shown(account, found.id))

    def shown(self, account: Account, center_id: UUID) -> dict[str, Any]:
        spends = spends_now(account, now=clock.now_for(account))
        center = next((one for one in spends.centers if one.id == center_id), None)
        if center is None:  # deleted since
            raise NotFound(noun="cost center")
        return show_center(center, account.currency, spends)

    @extend_schema(
        operation_id="update_cost_center",
        summary="Change a cost center",
        description="Only what is given changes; null clears. What billing_admin made only "
        "billing_admin changes. Usage stays with its center, under whatever code and parent. A "
        "parent that is below it, or another tenant's, is a 400.",
        tags=TAGS,
        request=CostCenterChange,
        responses={200: CostCenterSerializer, **refusals(AlreadyExists)},
    )
    def put(self, request: Request, center_id: str) -> Response:
        account, found = self.center(center_id)
        given = read(CostCenterChange, request.data, partial=True)
        if given.get("tenantId", account.id) != account.id:
            raise invalid("tenantId", "is another tenant's: a cost center does not move")
        services.update_cost_center(
            account_id=account.id,
            center_id=found.id,
            changes=details_of(given, account.currency),
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )
        return Response(self.shown(account, found.id))

    @extend_schema(
        operation_id="delete_cost_center",
        summary="Delete a cost center",
        description="One that has usage is deactivated instead: it stays in the tree, and still "
        "takes usage. With others under it: 409.",
        tags=TAGS,
        responses={
            204: OpenApiResponse(None, "It is gone, or not active any more."),
            **refusals(CostCenterHasChildren),
        },
    )
    def delete(self, request: Request, center_id: str) -> Response:
        account, found = self.center(center_id)
        services.delete_cost_center(
            account_id=account.id,
            center_id=found.id,
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )
        return Response(status=204)


class TenantCostCentersView(PlatformView):
    """A tenant's cost centers."""

    needs: ClassVar = {"GET": Need.READ}

    @extend_schema(
        operation_id="list_cost_centers",
        summary="List a tenant's cost centers",
        description="Newest first, in pages; `?tree=true`: all of them, nested, with what each "
        "spent itself and with all below it. `currentSpend` of all and `unallocated` sum to "
        "usageCost exactly, at every moment.",
        tags=TAGS,
        parameters=[CostCentersQuery],
        responses=CostCentersOutput,
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        query = read_query(CostCentersQuery, request)
        now = clock.now_for(account)
        spends = spends_now(account, now=now)
        shown = show_tree(spends) if query.get("tree") else show_list(spends, query, SORTS)
        return Response(
            {
                "tenantId": str(account.id),
                "currency": spends.currency,
                **shown,
                "unallocated": spends.unallocated.amount,
                "usageCost": spends.usage.amount,
            }
        )
