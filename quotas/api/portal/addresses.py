"""`/limits/ip`: the public tier, for whoever has no customer. Open to all."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.openapi import refusals
from billing.http.portal import PortalNeed, PortalView
from billing.kernel import clock
from billing.kernel.errors import NotFound
from quotas.addresses import client_of
from quotas.api.portal.shapes import (
    IpLimitsOutput,
    IpServiceLimitsOutput,
    IpUsageOutput,
    features_of,
    service_in,
    services_of,
    usage_of,
)
from quotas.api.portal.usage import rate_uses
from quotas.tiers import public_tier

NONE = "Without an active tier named `Public`: an empty object."


def address_of(request: Request) -> str:
    """Return what the caller's address counts as, behind the proxies that we trust."""
    return client_of(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.BILLING["BILLING_TRUSTED_PROXIES"],
    )


class OpenView(PortalView):
    """A path that takes no credentials, and looks at none."""

    authentication_classes = ()  # type: ignore[assignment]


class IpLimitsView(OpenView):
    """All rates of the public tier."""

    needs = {"GET": PortalNeed.OPEN}

    @extend_schema(
        operation_id="list_ip_limits",
        summary="List the rate limits of addresses",
        description=NONE,
        tags=["Limits"],
        responses=IpLimitsOutput,
    )
    def get(self, request: Request) -> Response:
        tier = public_tier()
        if tier is None:
            return Response({})
        return Response({"tierName": tier.name, "ipLimits": services_of(tier.limits.rates)})


class IpServiceLimitsView(OpenView):
    """A service's rates of the public tier."""

    needs = {"GET": PortalNeed.OPEN}

    @extend_schema(
        operation_id="list_ip_limits_of_service",
        summary="List a service's rate limits of addresses",
        description=NONE,
        tags=["Limits"],
        responses={200: IpServiceLimitsOutput, **refusals(NotFound)},
    )
    def get(self, request: Request, service_name: str) -> Response:
        tier = public_tier()
        if tier is None:
            return Response({})
        features = service_in(tier.limits.rates, service_name)
        return Response(
            {
                "tierName": tier.name,
                "serviceName": service_name,
                "ipLimits": features_of(features),
            }
        )


class IpUsageView(OpenView):
    """What the caller's address used."""

    needs = {"GET": PortalNeed.OPEN}

    @extend_schema(
        operation_id="get_ip_usage",
        summary="Get what your address used",
        description="`identifier` is what is counted: an IPv4 address, or the /64 that holds an "
        f"IPv6 address. {NONE}",
        tags=["Limits"],
        responses=IpUsageOutput,
    )
    def get(self, request: Request) -> Response:
        tier = public_tier()
        if tier is None:
            return Response({})
        now, address = clock.now(), address_of(request)
        uses = rate_uses(f"ip:{address}", tier, now=now)
        fetched_at = int(now.timestamp())
        return Response(usage_of((address, "ip"), tier.name, uses, fetched_at=fetched_at))
