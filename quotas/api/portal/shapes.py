"""What limits, quotas and their use look like on surface A, spelled as the contract does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rest_framework import serializers

from billing.catalog.models import PlanLimit
from billing.http.fields import IdField, OneOfField, TextField
from billing.kernel.errors import NotFound
from quotas.models import Kind
from quotas.queries import Use, by_service
from quotas.tiers import Limit

VALUE: Final = "-1: unlimited; 0: disabled."
RESETS: Final = "The window's end, in unix seconds; 0 where it never resets."
WINDOW: Final = "Aligned with the calendar in UTC."
Features = Mapping[str, Limit]


class QuotaOutput(serializers.Serializer[Any]):
    """A standing cap."""

    value = serializers.IntegerField(help_text=VALUE)
    description = TextField()


class LimitOutput(QuotaOutput):
    """A rate."""

    window = OneOfField(choices=PlanLimit.Window.choices, help_text=WINDOW)


class LimitsOutput(serializers.Serializer[Any]):
    """A tier's rates, by service and feature."""

    customerId = IdField()
    tierName = TextField()
    limits = serializers.DictField(child=serializers.DictField(child=LimitOutput()))


class ServiceLimitsOutput(serializers.Serializer[Any]):
    """A service's rates, by feature."""

    customerId = IdField()
    tierName = TextField()
    serviceName = TextField()
    limits = serializers.DictField(child=LimitOutput())


class FeatureLimitOutput(LimitOutput):
    """One rate."""

    customerId = IdField()
    tierName = TextField()
    serviceName = TextField()
    featureKey = TextField()


class QuotasOutput(serializers.Serializer[Any]):
    """A tier's standing quotas, by service and feature."""

    customerId = IdField()
    tierName = TextField()
    quotas = serializers.DictField(child=serializers.DictField(child=QuotaOutput()))


class ServiceQuotasOutput(serializers.Serializer[Any]):
    """A service's standing quotas, by feature."""

    customerId = IdField()
    tierName = TextField()
    serviceName = TextField()
    quotas = serializers.DictField(child=QuotaOutput())


class FeatureQuotaOutput(QuotaOutput):
    """One standing quota."""

    customerId = IdField()
    tierName = TextField()
    serviceName = TextField()
    featureKey = TextField()


class IpLimitsOutput(serializers.Serializer[Any]):
    """The public tier's rates, by service and feature. Without such a tier: an empty object."""

    tierName = TextField(required=False)
    ipLimits = serializers.DictField(
        child=serializers.DictField(child=LimitOutput()), required=False
    )


class IpServiceLimitsOutput(serializers.Serializer[Any]):
    """The public tier's rates of a service. Without such a tier: an empty object."""

    tierName = TextField(required=False)
    serviceName = TextField(required=False)
    ipLimits = serializers.DictField(child=LimitOutput(), required=False)


class QuotaUseOutput(serializers.Serializer[Any]):
    """What is used of a standing quota."""

    identifier = TextField(help_text="The caller's user id, or an address: whose use this is.")
    identifierType = OneOfField(choices=["user", "ip"])
    featureKey = TextField()
    tierName = TextField()
    currentUsage = serializers.IntegerField(help_text="The whole customer's.")
    limit = serializers.IntegerField(help_text=VALUE)
    remaining = serializers.IntegerField(help_text="Never negative; -1: unlimited.")
    resetAt = serializers.IntegerField(help_text=RESETS)
    isLocked = serializers.BooleanField(help_text="Nothing is left.")


class UseOutput(QuotaUseOutput):
    """What is used of a rate's window."""

    window = OneOfField(choices=PlanLimit.Window.choices, help_text=WINDOW)


class ServiceUseOutput(serializers.Serializer[Any]):
    """A service's features."""

    serviceName = TextField()
    features = UseOutput(many=True)


class UsageOutput(serializers.Serializer[Any]):
    """What is used of every rate of the tier."""

    identifier = TextField()
    identifierType = OneOfField(choices=["user", "ip"])
    totalFeatures = serializers.IntegerField()
    fetchedAt = serializers.IntegerField(help_text="Unix seconds, by the customer's clock.")
    services = serializers.DictField(child=ServiceUseOutput())


class IpUsageOutput(serializers.Serializer[Any]):
    """What the caller's address used. Without a public tier: an empty object."""

    identifier = TextField(required=False)
    identifierType = OneOfField(choices=["user", "ip"], required=False)
    totalFeatures = serializers.IntegerField(required=False)
    fetchedAt = serializers.IntegerField(required=False)
    services = serializers.DictField(child=ServiceUseOutput(), required=False)


class ServiceQuotaUseOutput(serializers.Serializer[Any]):
    """A service's features."""

    serviceName = TextField()
    features = QuotaUseOutput(many=True)


class QuotaUsageOutput(serializers.Serializer[Any]):
    """What is used of every standing quota of the tier."""

    identifier = TextField()
    identifierType = OneOfField(choices=["user", "ip"])
    totalFeatures = serializers.IntegerField()
    fetchedAt = serializers.IntegerField(help_text="Unix seconds, by the customer's clock.")
    services = serializers.DictField(child=ServiceQuotaUseOutput())


class UserQuotaEventOutput(serializers.Serializer[Any]):
    """A use of a standing quota; what was given back is negative."""

    userId = IdField()
    customerId = IdField(allow_null=True, help_text="null: an address, of no customer.")
    serviceName = TextField()
    featureKey = TextField()
    amount = serializers.IntegerField()
    type = OneOfField(choices=Kind.choices)
    timestamp = serializers.IntegerField(help_text="Unix seconds, by the customer's clock.")


class UserEventOutput(UserQuotaEventOutput):
    """A use of a rate."""

    window = OneOfField(choices=PlanLimit.Window.choices)


class UserEventsOutput(serializers.Serializer[Any]):
    """A user's uses of rates."""

    total = serializers.IntegerField(help_text="All of this user and kind, ever.")
    events = UserEventOutput(many=True)


class UserQuotaEventsOutput(serializers.Serializer[Any]):
    """A user's uses of standing quotas."""

    total = serializers.IntegerField(help_text="All of this user and kind, ever.")
    events = UserQuotaEventOutput(many=True)


def limit_of(limit: Limit) -> dict[str, Any]:
    """Show a limit; a standing one has no window."""
    shown: dict[str, Any] = {"value": limit.value}
    if limit.window:
        shown["window"] = limit.window
    return {**shown, "description": limit.description}


def features_of(features: Features) -> dict[str, Any]:
    return {key: limit_of(limit) for key, limit in features.items()}


def services_of(services: Mapping[str, Features]) -> dict[str, Any]:
    return {name: features_of(features) for name, features in services.items()}


def service_in(services: Mapping[str, Features], name: str) -> Features:
    """Return a service's features. Raises NotFound."""
    if name not in services:
        raise NotFound(noun="service")
    return services[name]


def feature_in(services: Mapping[str, Features], name: str, key: str) -> Limit:
    """Return a service's feature. Raises NotFound."""
    features = service_in(services, name)
    if key not in features:
        raise NotFound(noun="feature")
    return features[key]


def usage_of(
    identity: tuple[str, str], tier_name: str, uses: Iterable[Use], *, fetched_at: int
) -> dict[str, Any]:
    """Show uses, by service. `identity` is whose they are, and whether a user or an address."""
    identifier, kind = identity
    whose = {"identifier": identifier, "identifierType": kind}
    services = {
        name: {
            "serviceName": name,
            "features": [{**whose, **_use(use, tier_name)} for use in found],
        }
        for name, found in by_service(uses).items()
    }
    total = sum(len(service["features"]) for service in services.values())
    return {**whose, "totalFeatures": total, "fetchedAt": fetched_at, "services": services}


def _use(use: Use, tier_name: str) -> dict[str, Any]:
    window = {"window": use.limit.window} if use.limit.window else {}
    return {
        "featureKey": use.limit.feature_key,
        "tierName": tier_name,
        **window,
        "currentUsage": use.used,
        "limit": use.limit.value,
        "remaining": use.remaining,
        "resetAt": use.reset_at,
        "isLocked": use.is_locked,
    }
