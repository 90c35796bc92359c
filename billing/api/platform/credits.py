"""Credit: granted to a subscription's tenant, and the ledger of what became of it."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.credits import ledger, services
from billing.credits.errors import CreditOutOfBounds
from billing.http.fields import (
    AmountField,
    IdField,
    OneOfField,
    TextField,
    TimeField,
    format_timestamp,
)
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read_action, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import NotFound
from billing.kernel.money import Money
from billing.models import CreditEntry, CreditGrant, Subscription
from billing.subscriptions.catch_up import catch_up


class CreditInput(Input):
    """How much, why, and until when it may be spent."""

    amount = AmountField()
    reason = TextField(least=0, most=2000, required=False, allow_null=True)
    expiresAt = TimeField(required=False, allow_null=True)


class CreditSerializer(serializers.Serializer[Any]):
    """A grant, and the tenant's balance with it."""

    creditId = IdField()
    amount = TextField()
    creditBalance = TextField()


class CreditEntrySerializer(serializers.Serializer[Any]):
    """A movement of the ledger: positive in, negative out. The balance is the sum of them all."""

    creditId = IdField()
    kind = OneOfField(choices=CreditEntry.Kind.values)
    amount = TextField()
    invoiceId = IdField(allow_null=True)
    reason = TextField(allow_null=True)
    expiresAt = TimeField(allow_null=True)
    at = TimeField()


def show(grant: CreditGrant) -> dict[str, Any]:
    currency = grant.account.currency
    return {
        "creditId": str(grant.id),
        "amount": Money(grant.amount_minor, currency).amount,
        "creditBalance": Money(ledger.balance_of(grant.account_id), currency).amount,
    }


def show_entry(entry: CreditEntry) -> dict[str, Any]:
    grant = entry.grant
    return {
        "creditId": str(entry.grant_id),
        "kind": entry.kind,
        "amount": Money(entry.amount_minor, entry.account.currency).amount,
        "invoiceId": str(entry.invoice_id) if entry.invoice_id else None,
        "reason": grant.reason or None,
        "expiresAt": format_timestamp(grant.expires_at) if grant.expires_at else None,
        "at": format_timestamp(entry.at),
    }


SORTS: Final = {"at": "at"}
CreditQuery = page_query(SORTS, kind=OneOfField(choices=CreditEntry.Kind.values, required=False))


class SubscriptionCreditsView(PlatformView):
    """Granting."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="grant_credit",
        summary="Grant credit",
        description="Credit is the tenant's, whichever of its subscriptions is named. It reduces "
        "what is due after tax, the soonest to expire first; at `expiresAt` what is left of it "
        "ends. The amount is above zero, with exactly the currency's decimals (a JSON number: at "
        "most so many). The parameters are taken from the body or from the query.",
        tags=["Subscriptions"],
        request=CreditInput,
        parameters=[CreditInput],
        responses={201: CreditSerializer, **refusals(CreditOutOfBounds)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        found = (
            Subscription.objects.select_related("account__test_clock")
            .filter(pk=path_id(subscription_id, "subscriptionId"))
            .first()
        )
        if found is None or not reaches(self.caller, found.account):
            raise NotFound(noun="subscription")
        account = account_for(self.caller, found.account_id, self.need)
        now = clock.now_for(account)
        catch_up(account, now=now)
        given = read_action(CreditInput, request)
        return self.answer(
            services.grant_credit,
            show,
            status=201,
            account_id=account.id,
            amount=given["amount"],
            reason=given.get("reason") or "",
            expires_at=given.get("expiresAt"),
            now=now,
        )


class TenantCreditsView(PlatformView):
    """The ledger."""

    needs = {"GET": Need.READ}

    @extend_schema(
        operation_id="list_credits",
        summary="List a tenant's credit ledger",
        description="GRANT and RETURN add, USE, EXPIRY and REVOKE take away. Newest first.",
        tags=["Tenants"],
        parameters=[CreditQuery],
        responses=listing(CreditEntrySerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        catch_up(account, now=clock.now_for(account))
        query = read_query(CreditQuery, request)
        rows = CreditEntry.objects.filter(account_id=account.id).select_related("grant", "account")
        if "kind" in query:
            rows = rows.filter(kind=query["kind"])
        return page_of(rows, query, SORTS, show_entry)
