"""Why something may not be consumed."""

from __future__ import annotations

from billing.kernel.errors import BillingError, Kind


class RateLimitExceeded(BillingError):
    code = "RATE_LIMIT_EXCEEDED"
    kind = Kind.SPENT
    message = "The limit of {limit} a {window} on {feature} of {service} leaves too little."


class QuotaExceeded(BillingError):
    code = "QUOTA_EXCEEDED"
    kind = Kind.FORBIDDEN
    message = "The quota of {limit} on {feature} of {service} leaves too little."


class FeatureDisabled(BillingError):
    code = "FEATURE_DISABLED"
    kind = Kind.FORBIDDEN
    message = "The tier does not include {feature} of {service}."


class CountedElsewhere(BillingError):
    """The members' quota: it follows the team, and nobody reports it."""

    code = "COUNTED_ELSEWHERE"
    kind = Kind.INVALID
    message = "The members of a team are counted by the team itself: this quota can't be consumed."
