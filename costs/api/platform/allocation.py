"""`/allocation-rules`: shared and unlabelled cost brought to those who owe it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import (
    DecimalStringField,
    IdField,
    OneOfField,
    TextField,
    TimeField,
    format_timestamp,
)
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import NotFound, invalid
from billing.models import Account
from costs import services
from costs.errors import RuleOverlaps, RuleWasApplied, TooManyRules
from costs.models import AllocationRule, Method

TAGS: Final = ["Cost centers"]
SORTS: Final = {"validFrom": "valid_from", "createdAt": "created_at", "name": "name"}
LEAST: Final = Decimal("0.000001")


class ShareInput(Input):
    """How many percent a cost center takes."""

    costCenterId = IdField()
    percent = DecimalStringField(least=LEAST, most=Decimal(100))


class RuleInput(Input):
    """A new rule. Without a source cost center it is for usage that names none."""

    tenantId = IdField()
    name = TextField()
    sourceCostCenterId = IdField(required=False, allow_null=True)
    metricType = TextField(required=False, allow_null=True)
    method = OneOfField(choices=Method.values)
    shares = serializers.ListField(
        child=ShareInput(), required=False, max_length=services.MOST_SHARES
    )
    byMetricType = TextField(required=False, allow_null=True)
    validFrom = TimeField(required=False, allow_null=True)
    validUntil = TimeField(required=False, allow_null=True)


class RuleChange(Input):
    """What of a rule may change: its name and its end."""

    name = TextField(required=False)
    validUntil = TimeField(required=False, allow_null=True)


class ShareOutput(serializers.Serializer[Any]):
    """How many percent a cost center takes."""

    costCenterId = IdField()
    percent = TextField()


class RuleSerializer(serializers.Serializer[Any]):
    """By what the cost of a source is shared out, and when."""

    id = IdField()
    tenantId = IdField()
    name = TextField()
    sourceCostCenterId = IdField(allow_null=True)
    metricType = TextField(allow_null=True)
    method = OneOfField(choices=Method.values)
    shares = ShareOutput(many=True)
    byMetricType = TextField(allow_null=True)
    validFrom = TimeField()
    validUntil = TimeField(allow_null=True)
    createdAt = TimeField()


def show_rule(rule: AllocationRule) -> dict[str, Any]:
    until = rule.valid_until
    return {
        "id": str(rule.id),
        "tenantId": str(rule.account_id),
        "name": rule.name,
        "sourceCostCenterId": None if rule.source_id is None else str(rule.source_id),
        "metricType": None if rule.meter is None else rule.meter.metric_type,
        "method": rule.method,
        "shares": [
            {"costCenterId": str(share.center_id), "percent": format_decimal(share.percent)}
            for share in rule.shares.all()
        ],
        "byMetricType": None if rule.by_meter is None else rule.by_meter.metric_type,
        "validFrom": format_timestamp(rule.valid_from),
        "validUntil": None if until is None else format_timestamp(until),
        "createdAt": format_timestamp(rule.created_at),
    }


def draft_of(given: dict[str, Any]) -> services.RuleDraft:
    return services.RuleDraft(
        name=given["name"],
        method=given["method"],
        source=given.get("sourceCostCenterId"),
        metric_type=given.get("metricType"),
        by_metric_type=given.get("byMetricType"),
        shares=[(one["costCenterId"], percent_of(one, n)) for n, one in _numbered(given)],
        valid_from=given.get("validFrom"),
        valid_until=given.get("validUntil"),
    )


def _numbered(given: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(given.get("shares", ())))


def percent_of(share: dict[str, Any], place: int) -> Decimal:
    """Return a share's percentage. Raises InvalidRequest for more than six decimals."""
    percent: Decimal = share["percent"]
    if percent.as_tuple().exponent < -6:  # type: ignore[operator]
        raise invalid(f"shares[{place}].percent", "must have at most 6 decimals")
    return percent


class RulesView(PlatformView):
    """New rules."""

    needs: ClassVar = {"POST": Need.MANAGE}

    def authorise(self, need: Need, kwargs: dict[str, Any]) -> None:
        """The tenant stands in the body."""

    @extend_schema(
        operation_id="create_allocation_rule",
        summary="Make an allocation rule",
        description="Shares out what a cost center used itself, or without `sourceCostCenterId` "
        "the usage cost that is unallocated; of one meter, or of all that no rule of a meter "
        "takes. PERCENTAGE: by `shares`, 100 percent at most; the rest stays. METER_SHARE: by "
        "what the cost centers themselves used of `byMetricType` in the period. It holds for "
        "usage from `validFrom` (the open period's start) until `validUntil`. What a center "
        "receives is not shared out again. Every sum stays exact.",
        tags=TAGS,
        request=RuleInput,
        responses={201: RuleSerializer, **refusals(RuleOverlaps, TooManyRules)},
    )
    def post(self, request: Request) -> Response:
        given = read(RuleInput, request.data)
        account = account_for(self.caller, given["tenantId"], Need.MANAGE)
        return self.answer(
            services.create_rule,
            show_rule,
            status=201,
            account_id=account.id,
            draft=draft_of(given),
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )


class TenantRulesView(PlatformView):
    """A tenant's rules."""

    needs: ClassVar = {"GET": Need.READ}

    @extend_schema(
        operation_id="list_allocation_rules",
        summary="List a tenant's allocation rules",
        tags=TAGS,
        parameters=[page_query(SORTS)],
        responses=listing(RuleSerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        rows = AllocationRule.objects.filter(account_id=account.id)
        shown = rows.select_related("meter", "by_meter").prefetch_related("shares")
        return page_of(shown, read_query(page_query(SORTS), request), SORTS, show_rule)


class RuleView(PlatformView):
    """One rule: another tenant's is not there."""

    needs: ClassVar = {"PUT": Need.MANAGE, "DELETE": Need.MANAGE}

    def rule(self, rule_id: str) -> tuple[Account, AllocationRule]:
        rows = AllocationRule.objects.select_related("account__test_clock")
        found = rows.filter(pk=path_id(rule_id, "ruleId")).first()
        if found is None or not reaches(self.caller, found.account):
            raise NotFound(noun="allocation rule")
        return account_for(self.caller, found.account_id, self.need), found

    @extend_schema(
        operation_id="update_allocation_rule",
        summary="Rename or end an allocation rule",
        description="`validUntil` may not lie before the open period, so that what was invoiced "
        "keeps its rules; null takes an end back that is yet to come. Anything else takes a new "
        "rule. What billing_admin made only billing_admin changes.",
        tags=TAGS,
        request=RuleChange,
        responses={200: RuleSerializer, **refusals(RuleOverlaps)},
    )
    def put(self, request: Request, rule_id: str) -> Response:
        account, found = self.rule(rule_id)
        given = read(RuleChange, request.data, partial=True)
        names = {"name": "name", "validUntil": "valid_until"}
        return self.answer(
            services.change_rule,
            show_rule,
            account_id=account.id,
            rule_id=found.id,
            changes={names[name]: value for name, value in given.items()},
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )

    @extend_schema(
        operation_id="delete_allocation_rule",
        summary="Delete an allocation rule",
        description="One that held in a period that is invoiced can't be deleted, but ended: 409.",
        tags=TAGS,
        responses={204: OpenApiResponse(None, "It is gone."), **refusals(RuleWasApplied)},
    )
    def delete(self, request: Request, rule_id: str) -> Response:
        account, found = self.rule(rule_id)
        services.delete_rule(
            account_id=account.id,
            rule_id=found.id,
            by_staff=self.caller.is_admin,
            now=clock.now_for(account),
        )
        return Response(status=204)
