"""What can go wrong with the catalogue."""

from billing.kernel.errors import BillingError, Kind


class MeterInUse(BillingError):
    code = "METER_IN_USE"
    kind = Kind.CONFLICT
    message = (
        "Usage or a plan's charge refers to {metric_type}, so its aggregation and unique field "
        "can't change. Make another meter."
    )


class PlanVersionSuperseded(BillingError):
    code = "PLAN_VERSION_SUPERSEDED"
    kind = Kind.CONFLICT
    message = "This is version {version} of {code}, and prices change from its newest, {newest}."


class PlanIsDefault(BillingError):
    code = "PLAN_IS_DEFAULT"
    kind = Kind.CONFLICT
    message = "{code} is the default plan. Make another plan the default first."


class PlanArchived(BillingError):
    code = "PLAN_ARCHIVED"
    kind = Kind.CONFLICT
    message = "{code} is archived, so it can't be the default. Make it active first."


class NoDefaultTier(BillingError):
    code = "NO_DEFAULT_TIER"
    kind = Kind.MISCONFIGURED
    message = "There is no default tier. Make an active plan the default (isDefault) first."
