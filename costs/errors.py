"""What can go wrong with costs."""

from billing.kernel.errors import BillingError, Kind


class TenantHasStreams(BillingError):
    code = "TENANT_HAS_STREAMS"
    kind = Kind.SPENT
    message = "The tenant has {most} streams open here, as many as it may have. Close one first."


class TooManyStreams(BillingError):
    code = "TOO_MANY_STREAMS"
    kind = Kind.UNAVAILABLE
    message = "As many streams are open as we can hold. Ask again soon, or ask for `current`."


class RuleOverlaps(BillingError):
    code = "ALLOCATION_RULE_OVERLAPS"
    kind = Kind.CONFLICT
    message = "Another rule shares out the same usage at the same time. End that one first."


class RuleWasApplied(BillingError):
    code = "ALLOCATION_RULE_WAS_APPLIED"
    kind = Kind.CONFLICT
    message = "The rule {name} held in periods that are invoiced. Set validUntil to end it."


class TooManyRules(BillingError):
    code = "TOO_MANY_ALLOCATION_RULES"
    kind = Kind.CONFLICT
    message = "The tenant has {most} allocation rules, which is as many as it may have."
