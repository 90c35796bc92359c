"""`/limits`: the rates of the caller's tier. The whole of it is a hot path: services ask often."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.callers import Caller
from billing.http.idempotency import Once
from billing.http.openapi import refusals
from billing.http.plain import Answer, PlainView
from billing.http.portal import PortalNeed, PortalView, membership_of, require_portal
from billing.kernel.errors import NotFound
from billing.kernel.turns import Turns
from billing.subscriptions.errors import NoActiveSubscription
from quotas.api.portal.shapes import (
    FeatureLimitOutput,
    LimitsOutput,
    ServiceLimitsOutput,
    feature_in,
    features_of,
    limit_of,
    service_in,
    services_of,
)
from quotas.tiers import Limits, Tier, tier_of

KEPT: Final = 1_000
READING: Final = Turns(seconds=1.0)
"""All threads at once get in each other's way: most are quick, and some wait for twenty others."""

_written: dict[str, tuple[Limits, msgspec.Raw]] = {}


def tier_for(customer_id: UUID) -> Tier:
    """Return the customer's tier. Raises NoActiveSubscription."""
    tier = tier_of(customer_id)
    if tier is None:
        raise NoActiveSubscription
    return tier


def written(limits: Limits) -> msgspec.Raw:
    """Return a tier's rates as JSON, written once for each state of them."""
    found = _written.get(limits.plan_id)
    if found is not None and found[0] is limits:
        return found[1]
    raw = msgspec.Raw(msgspec.json.encode(services_of(limits.rates)))
    if len(_written) >= KEPT:
        _written.clear()
    _written[limits.plan_id] = (limits, raw)
    return raw


def shown(customer_id: UUID, tier: Tier, limits: object) -> dict[str, object]:
    return {"customerId": str(customer_id), "tierName": tier.name, "limits": limits}


class LimitsView(PlainView, PortalView):
    """All rates."""

    needs = {"GET": PortalNeed.MEMBER}
    plain = frozenset({"GET"})

    def plainly(
        self, request: HttpRequest, caller: Caller, once: Once | None, **kwargs: str
    ) -> Answer:
        with READING.turn():
            require_portal(caller, PortalNeed.MEMBER, "GET")
            customer_id = membership_of(caller).customer_id
            tier = tier_for(customer_id)
            return 200, msgspec.json.encode(shown(customer_id, tier, written(tier.limits))), {}

    @extend_schema(
        operation_id="list_limits",
        summary="List the rate limits of your tier",
        description="By service and feature. A change of the tier, or of its limits, is seen by "
        "the next request.",
        tags=["Limits"],
        responses={200: LimitsOutput, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        """Answer HEAD; `plainly` answers GET."""
        tier = tier_for(self.membership.customer_id)
        rates = services_of(tier.limits.rates)
        return Response(shown(self.membership.customer_id, tier, rates))


class ServiceLimitsView(PortalView):
    """A service's rates."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="list_limits_of_service",
        summary="List a service's rate limits",
        tags=["Limits"],
        responses={200: ServiceLimitsOutput, **refusals(NoActiveSubscription, NotFound)},
    )
    def get(self, request: Request, service_name: str) -> Response:
        tier = tier_for(self.membership.customer_id)
        return Response(
            {
                "customerId": str(self.membership.customer_id),
                "tierName": tier.name,
                "serviceName": service_name,
                "limits": features_of(service_in(tier.limits.rates, service_name)),
            }
        )


class LimitView(PortalView):
    """One rate."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_limit",
        summary="Get a rate limit",
        tags=["Limits"],
        responses={200: FeatureLimitOutput, **refusals(NoActiveSubscription, NotFound)},
    )
    def get(self, request: Request, service_name: str, feature_key: str) -> Response:
        tier = tier_for(self.membership.customer_id)
        limit = feature_in(tier.limits.rates, service_name, feature_key)
        return Response(
            {
                "customerId": str(self.membership.customer_id),
                "tierName": tier.name,
                "serviceName": service_name,
                "featureKey": feature_key,
                **limit_of(limit),
            }
        )
