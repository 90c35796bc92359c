"""`/quotas`: how much of a meter a tenant may use, and whether so much more is allowed."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog.models import Meter
from billing.http.fields import FlagField, TextField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches, require
from billing.http.serializers import read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import AlreadyExists, NotFound, invalid
from billing.metering.quotas import services
from billing.metering.quotas.models import UsageQuota
from billing.metering.quotas.reservations import is_paused
from billing.metering.quotas.state import states_of
from billing.models import Account
from billing.subscriptions.catch_up import catch_up
from quotas.api.platform.shapes import (
    CheckQuery,
    CheckSerializer,
    QuotaChange,
    QuotaInput,
    QuotaSerializer,
    meter_named,
    show_checked,
    show_quota,
)

TAGS: Final = ["Quotas"]
ROWS: Final = UsageQuota.objects.select_related("meter", "account__test_clock")
SORTS: Final = {"createdAt": "created_at", "resourceType": "meter__metric_type"}
QuotaQuery = page_query(
    SORTS, active=FlagField(required=False), resourceType=TextField(required=False)
)
CHANGES: Final = {
    "resourceName": "resource_name",
    "quotaLimit": "limit",
    "period": "period",
    "warningThresholdPercent": "warning_percent",
    "enforceHardLimit": "is_hard",
    "alertRecipients": "recipients",
    "isActive": "is_active",
}


def show(quota: UsageQuota) -> dict[str, Any]:
    """Write a quota out as it stands now."""
    found = ROWS.get(pk=quota.pk)
    (state,) = states_of([found], now=clock.now_for(found.account))
    return show_quota(state)


def require_unit(unit: str | None, meter: Meter) -> None:
    if unit is not None and unit != meter.unit:
        raise invalid("unit", f"must be the meter's own: {meter.unit}")


class QuotasView(PlatformView):
    """New quotas."""

    needs: ClassVar = {"POST": Need.MANAGE}

    @extend_schema(
        operation_id="create_quota",
        summary="Limit a tenant's usage of a meter",
        description="What the tenant has used in the window already counts. A hard quota refuses "
        "usage over it; a soft one (`enforceHardLimit: false`) takes it, and tells. Windows are "
        "those of the tenant's time zone; BILLING_PERIOD is the calendar month where there is no "
        "subscription, and NONE one window for ever. A meter has one active quota a tenant. "
        "Usage is what the meter's aggregation makes of the window's events. What billing_admin "
        "makes, only billing_admin changes. Each recipient is told once a window of the "
        "threshold, and once of the limit.",
        tags=TAGS,
        request=QuotaInput,
        responses={201: QuotaSerializer, **refusals(AlreadyExists)},
    )
    def post(self, request: Request) -> Response:
        given = read(QuotaInput, request.data)
        account = account_for(self.caller, given["tenantId"], self.need)
        meter = meter_named(given["resourceType"])
        require_unit(given.get("unit"), meter)
        draft = services.QuotaDraft(
            meter=meter,
            limit=given["quotaLimit"],
            period=given["period"],
            resource_name=given.get("resourceName") or "",
            warning_percent=given["warningThresholdPercent"],
            is_hard=given["enforceHardLimit"],
            recipients=unique(given.get("alertRecipients")),
        )
        return self.answer(
            services.create_quota,
            show,
            status=201,
            account_id=account.id,
            draft=draft,
            by_admin=self.caller.is_admin,
            now=clock.now_for(account),
        )


def unique(recipients: list[str] | None) -> list[str]:
    return list(dict.fromkeys(recipients or []))


class QuotaView(PlatformView):
    """One quota."""

    needs: ClassVar = {"GET": Need.ASK, "PUT": Need.MANAGE, "DELETE": Need.MANAGE}

    def quota(self, quota_id: str) -> UsageQuota:
        """Return a quota that the caller may do this with. Raises NotFound for another's."""
        found = ROWS.filter(pk=path_id(quota_id, "quotaId")).first()
        if found is None or not reaches(self.caller, found.account):
            raise NotFound(noun="quota")
        require(self.caller, self.need, found.account)
        if self.need is Need.MANAGE and found.made_by_admin:
            require(self.caller, Need.ADMIN, found.account)
        return found

    @extend_schema(
        operation_id="get_quota_of_tenant",
        summary="Get a quota",
        description="And how it stands in the window that holds now.",
        tags=TAGS,
        responses=QuotaSerializer,
    )
    def get(self, request: Request, quota_id: str) -> Response:
        found = self.quota(quota_id)
        catch_up(found.account, now=clock.now_for(found.account))
        return Response(show(found))

    @extend_schema(
        operation_id="change_quota",
        summary="Change a quota",
        description="What is left out stays. A limit under what is used refuses all that would "
        "raise the usage until the window ends. `isActive: false` stops it, and keeps it.",
        tags=TAGS,
        request=QuotaChange,
        responses={200: QuotaSerializer, **refusals(AlreadyExists)},
    )
    def put(self, request: Request, quota_id: str) -> Response:
        found = self.quota(quota_id)
        given = read(QuotaChange, request.data)
        if given.get("tenantId", found.account_id) != found.account_id:
            raise invalid("tenantId", "can't be changed: make a quota of the other tenant")
        if given.get("resourceType", found.meter.metric_type) != found.meter.metric_type:
            raise invalid("resourceType", "can't be changed: make a quota of the other meter")
        require_unit(given.get("unit"), found.meter)
        changes = {CHANGES[name]: value for name, value in given.items() if name in CHANGES}
        if "recipients" in changes:
            changes["recipients"] = unique(changes["recipients"])
        return self.answer(
            services.change_quota,
            show,
            account_id=found.account_id,
            quota_id=found.pk,
            changes=changes,
            now=clock.now_for(found.account),
        )

    @extend_schema(
        operation_id="delete_quota",
        summary="Delete a quota",
        description="With its windows. Open reservations can still be committed.",
        tags=TAGS,
        responses={204: OpenApiResponse(None, "It is gone.")},
    )
    def delete(self, request: Request, quota_id: str) -> Response:
        found = self.quota(quota_id)
        services.delete_quota(
            account_id=found.account_id, quota_id=found.pk, now=clock.now_for(found.account)
        )
        return Response(status=204)


class TenantQuotasView(PlatformView):
    """A tenant's quotas."""

    needs: ClassVar = {"GET": Need.ASK}

    @extend_schema(
        operation_id="list_quotas_of_tenant",
        summary="List a tenant's quotas",
        description="Each with how it stands now. Newest first.",
        tags=TAGS,
        parameters=[QuotaQuery],
        responses=listing(QuotaSerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        now = clock.now_for(account)
        catch_up(account, now=now)
        query = read_query(QuotaQuery, request)
        rows = ROWS.filter(account_id=account.id)
        if "active" in query:
            rows = rows.filter(is_active=query["active"])
        if "resourceType" in query:
            rows = rows.filter(meter=meter_named(query["resourceType"]))
        response = page_of(rows, query, SORTS, lambda row: row)
        states = states_of(response.data["data"], now=now)
        response.data["data"] = [show_quota(state) for state in states]
        return response


class QuotaCheckView(PlatformView):
    """Whether so much is allowed."""

    needs: ClassVar = {"GET": Need.ASK}

    @extend_schema(
        operation_id="check_quotas",
        summary="Ask whether so much may be used",
        description="Allowed while usage, what is reserved and `requestedAmount` together are at "
        "most the limit, or the quota is soft. A tenant whose subscription is paused is allowed "
        "nothing, whatever its quotas. Nothing is held by asking: a reservation does that.",
        tags=TAGS,
        parameters=[CheckQuery],
        responses=CheckSerializer,
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account: Account = self.account(tenant_id)
        query: dict[str, Any] = read_query(CheckQuery, request)
        rows = ROWS.filter(account_id=account.id, is_active=True)
        if "resourceType" in query:
            rows = rows.filter(meter=meter_named(query["resourceType"]))
        now = clock.now_for(account)
        catch_up(account, now=now)
        paused = is_paused(account.id)
        states = states_of(list(rows.order_by("meter__metric_type")), now=now)
        checked = [show_checked(one, query["requestedAmount"], is_paused=paused) for one in states]
        return Response(
            {
                "tenantId": str(account.id),
                "quotas": checked,
                "subscriptionPaused": paused,
                "allowed": not paused and all(one["allowed"] for one in checked),
            }
        )
