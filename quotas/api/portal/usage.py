"""`/limits/usage` and `/quotas/usage`: what is used of a tier, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.accounts.known import known_account
from billing.http.fields import IdField
from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.http.serializers import Input, read_query
from billing.kernel import clock
from billing.kernel.errors import NoCustomer, ServiceUnavailable
from billing.subscriptions.errors import NoActiveSubscription
from quotas import queries
from quotas.api.portal.limits import tier_for
from quotas.api.portal.shapes import (
    QuotaUsageOutput,
    UsageOutput,
    UserEventsOutput,
    UserQuotaEventsOutput,
    usage_of,
)
from quotas.models import NO_ACCOUNT, Kind, UserEvent
from quotas.queries import Use
from quotas.tiers import Tier
from quotas.valkey import Unavailable

EVERY = "Every one of the tier's, also those that nobody has used yet. Counts are the customer's."


def rate_uses(subject: str, tier: Tier, *, now: datetime) -> list[Use]:
    """Return the use of the tier's rates. Raises ServiceUnavailable: no count is made up."""
    try:
        return queries.rate_uses(subject, tier, now=now)
    except Unavailable as error:
        raise ServiceUnavailable from error


class CustomersUsage(PortalView):
    """Shows the use of the caller's tier."""

    def shown(self, uses: Callable[..., list[Use]]) -> Response:
        customer_id = self.membership.customer_id
        account = known_account(customer_id)
        if account is None:
            raise NoCustomer
        tier, now = tier_for(customer_id), clock.now_for(account)
        identity = str(self.caller.user_id), "user"
        found = uses(customer_id, tier, now)
        return Response(usage_of(identity, tier.name, found, fetched_at=int(now.timestamp())))


def _rates(customer_id: UUID, tier: Tier, now: datetime) -> list[Use]:
    return rate_uses(str(customer_id), tier, now=now)


def _quotas(customer_id: UUID, tier: Tier, _now: datetime) -> list[Use]:
    return queries.quota_uses(customer_id, tier)


class UsageView(CustomersUsage):
    """What is used of the rates."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_limits_usage",
        summary="Get what is used of your rate limits",
        description=EVERY,
        tags=["Limits"],
        responses={200: UsageOutput, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        return self.shown(_rates)


class OlderUsageView(CustomersUsage):
    """The same under its older name."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_usage",
        summary="Get what is used of your rate limits, by the older name",
        description=f"The same as `GET /limits/usage`. {EVERY}",
        tags=["Limits"],
        deprecated=True,
        responses={200: UsageOutput, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        return self.shown(_rates)


class QuotasUsageView(CustomersUsage):
    """What is used of the standing quotas."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_quotas_usage",
        summary="Get what is used of your standing quotas",
        description=f"{EVERY} That of `members` of `billing` is the size of the team.",
        tags=["Limits"],
        responses={200: QuotaUsageOutput, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        return self.shown(_quotas)


class UserQuery(Input):
    """Whose."""

    userId = IdField()


def events_shown(user_id: UUID, kind: Kind) -> dict[str, Any]:
    total, events = queries.events_of(user_id, kind)
    return {"total": total, "events": [_event(event) for event in events]}


def _event(event: UserEvent) -> dict[str, Any]:
    shown = {
        "userId": str(event.user_id),
        "customerId": None if event.account_id == NO_ACCOUNT else str(event.account_id),
        "serviceName": event.service_name,
        "featureKey": event.feature_key,
        "amount": event.amount,
        "type": event.kind,
        "timestamp": int(event.used_at.timestamp()),
    }
    return {**shown, "window": event.window} if event.window else shown


class UserUsageView(PortalView):
    """Who used the rates."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="list_limits_usage_of_user",
        summary="List a user's newest uses of rate limits",
        description="What services reported with this `userId`: the newest hundred, for each of "
        "the customers that they named. `total` counts all, ever. Trials and refusals are none.",
        tags=["Limits"],
        parameters=[UserQuery],
        responses=UserEventsOutput,
    )
    def get(self, request: Request) -> Response:
        return Response(events_shown(read_query(UserQuery, request)["userId"], Kind.RATE))


class UserQuotasView(PortalView):
    """Who used the standing quotas."""

    needs = {"GET": PortalNeed.ADMIN}

    @extend_schema(
        operation_id="list_quotas_usage_of_user",
        summary="List a user's newest uses of standing quotas",
        description="As of rate limits. What was given back has a negative amount.",
        tags=["Limits"],
        parameters=[UserQuery],
        responses=UserQuotaEventsOutput,
    )
    def get(self, request: Request) -> Response:
        return Response(events_shown(read_query(UserQuery, request)["userId"], Kind.QUOTA))
