"""What can go wrong with a subscription."""

from billing.kernel.errors import BillingError, Kind


class NoActiveSubscription(BillingError):
    code = "NO_ACTIVE_SUBSCRIPTION"
    kind = Kind.NOT_FOUND
    message = "This tenant has no live subscription."


class PlanNotActive(BillingError):
    code = "PLAN_NOT_ACTIVE"
    kind = Kind.CONFLICT
    message = "The plan {plan} is archived, so nobody can subscribe to it any more."


class CurrencyMismatch(BillingError):
    code = "CURRENCY_MISMATCH"
    kind = Kind.CONFLICT
    message = "The plan is priced in {plan}, the tenant pays in {tenant}."
