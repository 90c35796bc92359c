"""What can go wrong with paying through Stripe."""

from billing.kernel.errors import BillingError, Kind


class NothingDue(BillingError):
    code = "NOTHING_DUE"
    kind = Kind.CONFLICT
    message = "Nothing of this invoice is to be paid."


class AmountBelowMinimum(BillingError):
    code = "AMOUNT_BELOW_MINIMUM"
    kind = Kind.CONFLICT
    message = "That is less than Stripe takes at once: it comes with the next invoice."


class AlreadyOnPlan(BillingError):
    code = "ALREADY_ON_PLAN"
    kind = Kind.CONFLICT
    message = "The subscription is on this plan, and it is paid through Stripe already."


class PriceNotAtStripe(BillingError):
    code = "PRICE_NOT_AT_STRIPE"
    kind = Kind.CONFLICT
    message = "Stripe does not have the plan's price: mend its stripePriceId."


class PlanNotKnown(BillingError):
    code = "PRICE_OF_NO_PLAN"
    kind = Kind.CONFLICT
    message = "No plan of ours has Stripe's price {price}: set it as a plan's stripePriceId."


class NotYetSettled(BillingError):
    code = "STRIPE_NOT_SETTLED"
    kind = Kind.UNAVAILABLE
    message = "What was asked of Stripe before is not decided yet. Ask again soon."


class PaymentMethodElsewhere(BillingError):
    code = "PAYMENT_METHOD_ELSEWHERE"
    kind = Kind.NOT_IMPLEMENTED
    message = "Payment methods are changed in Stripe's customer portal: GET /stripe/customer."
