"""`/quotas`: the standing quotas of the caller's tier."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.kernel.errors import NotFound
from billing.subscriptions.errors import NoActiveSubscription
from quotas.api.portal.limits import tier_for
from quotas.api.portal.shapes import (
    FeatureQuotaOutput,
    QuotasOutput,
    ServiceQuotasOutput,
    feature_in,
    features_of,
    limit_of,
    service_in,
    services_of,
)


class QuotasView(PortalView):
    """All standing quotas."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="list_quotas",
        summary="List the standing quotas of your tier",
        description="By service and feature. They have no window: what is taken is held until it "
        "is given back.",
        tags=["Limits"],
        responses={200: QuotasOutput, **refusals(NoActiveSubscription)},
    )
    def get(self, request: Request) -> Response:
        tier = tier_for(self.membership.customer_id)
        return Response(
            {
                "customerId": str(self.membership.customer_id),
                "tierName": tier.name,
                "quotas": services_of(tier.limits.quotas),
            }
        )


class ServiceQuotasView(PortalView):
    """A service's standing quotas."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="list_quotas_of_service",
        summary="List a service's standing quotas",
        tags=["Limits"],
        responses={200: ServiceQuotasOutput, **refusals(NoActiveSubscription, NotFound)},
    )
    def get(self, request: Request, service_name: str) -> Response:
        tier = tier_for(self.membership.customer_id)
        return Response(
            {
                "customerId": str(self.membership.customer_id),
                "tierName": tier.name,
                "serviceName": service_name,
                "quotas": features_of(service_in(tier.limits.quotas, service_name)),
            }
        )


class QuotaView(PortalView):
    """One standing quota."""

    needs = {"GET": PortalNeed.MEMBER}

    @extend_schema(
        operation_id="get_quota",
        summary="Get a standing quota",
        tags=["Limits"],
        responses={200: FeatureQuotaOutput, **refusals(NoActiveSubscription, NotFound)},
    )
    def get(self, request: Request, service_name: str, feature_key: str) -> Response:
        tier = tier_for(self.membership.customer_id)
        limit = feature_in(tier.limits.quotas, service_name, feature_key)
        return Response(
            {
                "customerId": str(self.membership.customer_id),
                "tierName": tier.name,
                "serviceName": service_name,
                "featureKey": feature_key,
                **limit_of(limit),
            }
        )
