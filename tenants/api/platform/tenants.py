"""`/tenants`: who consumes and is billed."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import (
    CurrencyField,
    DecimalStringField,
    IdField,
    TextField,
    TimeField,
)
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.postal import AddressInput, EmailField
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView
from billing.http.zones import ZoneField
from billing.kernel import clock
from billing.kernel.errors import invalid
from billing.kernel.money import Money, parse_amount
from tenants import services
from tenants.errors import CurrencyInUse
from tenants.models import Tenant
from tenants.queries import with_credit

TAX_ID: Final = (
    "A VAT id of the European Union is stored without separators. One of another state than the "
    "seller's, with right check digits, reverses the charge. Any other text is kept and printed, "
    "since ids of other systems exist, and changes nothing."
)


class TenantInput(Input):
    """A new tenant."""

    name = TextField()
    customerId = IdField(required=False, allow_null=True)
    currency = CurrencyField(default="USD")
    timezone = ZoneField(default="UTC")
    billingEmail = EmailField(required=False, allow_null=True)
    address = AddressInput(required=False, allow_null=True)
    taxId = TextField(required=False, allow_null=True, help_text=TAX_ID)
    budget = DecimalStringField(required=False, allow_null=True)
    testClockId = IdField(required=False, allow_null=True)


class TenantPatch(Input):
    """What of a tenant may change; null clears what may be absent."""

    name = TextField(required=False)
    currency = CurrencyField(required=False)
    timezone = ZoneField(required=False)
    billingEmail = EmailField(required=False, allow_null=True)
    address = AddressInput(required=False, allow_null=True)
    taxId = TextField(required=False, allow_null=True, help_text=TAX_ID)
    budget = DecimalStringField(required=False, allow_null=True)


class TenantSerializer(serializers.Serializer[Tenant]):
    """A tenant as the API shows it."""

    id = IdField(source="account_id")
    customerId = IdField(source="account.customer_id", allow_null=True)
    name = TextField()
    currency = CurrencyField(source="account.currency")
    timezone = TextField(source="account.timezone")
    billingEmail = serializers.SerializerMethodField()
    address = serializers.JSONField(allow_null=True)
    taxId = serializers.SerializerMethodField()
    budget = serializers.SerializerMethodField()
    creditBalance = serializers.SerializerMethodField()
    testClockId = IdField(source="account.test_clock_id", allow_null=True)
    createdAt = TimeField(source="created_at")

    def get_billingEmail(self, tenant: Tenant) -> str | None:  # noqa: N802
        return tenant.billing_email or None

    def get_taxId(self, tenant: Tenant) -> str | None:  # noqa: N802
        return tenant.tax_id or None

    def get_budget(self, tenant: Tenant) -> str | None:
        budget = tenant.budget_minor
        return None if budget is None else Money(budget, tenant.account.currency).amount

    def get_creditBalance(self, tenant: Tenant) -> str:  # noqa: N802
        return Money(getattr(tenant, "credit_minor", 0), tenant.account.currency).amount


def budget_minor(value: Any, currency: str) -> int | None:
    """Read a budget in the tenant's currency. Raises InvalidRequest for too many decimals."""
    if value is None:
        return None
    try:
        money = parse_amount(value, currency)
    except ValueError as error:
        raise invalid("budget", str(error)) from None
    if money.minor < 0:
        raise invalid("budget", "must not be negative")
    return money.minor


def own_names(given: dict[str, Any]) -> dict[str, Any]:
    """Turn the wire's names into the model's; null becomes empty."""
    texts = {"billingEmail": "billing_email", "taxId": "tax_id"}
    named = {texts[k]: v or "" for k, v in given.items() if k in texts}
    if "address" in given:
        address = given["address"]
        named["address"] = None if address is None else {k: v for k, v in address.items() if v}
    return named


SORTS: Final = {"createdAt": "created_at", "name": "name"}
TenantQuery = page_query(SORTS, name=TextField(required=False), customerId=IdField(required=False))


class TenantsView(PlatformView):
    """All tenants, for staff."""

    needs = {"GET": Need.ADMIN, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_tenant",
        summary="Create a tenant",
        description="For billing_admin. The tenant's account has the same id. On a test clock its "
        "time holds, from the start on.",
        tags=["Tenants"],
        request=TenantInput,
        responses={201: TenantSerializer},
    )
    def post(self, request: Request) -> Response:
        given = read(TenantInput, request.data)
        details = own_names(given)
        details["budget_minor"] = budget_minor(given.get("budget"), given["currency"])
        return self.answer(
            services.create_tenant,
            lambda tenant: TenantSerializer(tenant).data,
            status=201,
            name=given["name"],
            currency=given["currency"],
            timezone=given["timezone"],
            customer_id=given.get("customerId"),
            test_clock_id=given.get("testClockId"),
            details=details,
            now=clock.now(),
        )

    @extend_schema(
        operation_id="list_tenants",
        summary="List tenants",
        description="For billing_admin, newest first. `name` finds exactly that name.",
        tags=["Tenants"],
        parameters=[TenantQuery],
        responses=listing(TenantSerializer),
    )
    def get(self, request: Request) -> Response:
        query = read_query(TenantQuery, request)
        rows: QuerySet[Tenant] = with_credit()
        if "name" in query:
            rows = rows.filter(name=query["name"])
        if "customerId" in query:
            rows = rows.filter(account__customer_id=query["customerId"])
        return page_of(rows, query, SORTS, lambda tenant: TenantSerializer(tenant).data)


class TenantView(PlatformView):
    """One tenant."""

    needs = {"GET": Need.READ, "PATCH": Need.MANAGE}

    @extend_schema(
        operation_id="get_tenant",
        summary="Get a tenant",
        description="For every member of its customer. `creditBalance` is what may be spent.",
        tags=["Tenants"],
        responses=TenantSerializer,
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        return Response(TenantSerializer(with_credit().get(account_id=account.id)).data)

    @extend_schema(
        operation_id="update_tenant",
        summary="Change a tenant",
        description="For admins and the owner of its customer. Only what is given changes; null "
        "clears a field that may be absent. A budget keeps its amount in another currency. The "
        "currency stays once anything was subscribed, granted or billed (409).",
        tags=["Tenants"],
        request=TenantPatch,
        responses={200: TenantSerializer, **refusals(CurrencyInUse)},
    )
    def patch(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        given = read(TenantPatch, request.data, partial=True)
        changes: dict[str, Any] = {
            k: given[k] for k in ("name", "currency", "timezone") if k in given
        }
        changes |= own_names(given)
        if "budget" in given:
            currency = given.get("currency", account.currency)
            changes["budget_minor"] = budget_minor(given["budget"], currency)
        services.update_tenant(account_id=account.id, changes=changes, now=clock.now_for(account))
        return Response(TenantSerializer(with_credit().get(account_id=account.id)).data)
