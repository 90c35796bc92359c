"""What can go wrong with Stripe."""

from billing.kernel.errors import BillingError, Kind


class StripeError(BillingError):
    """Stripe failed us. Its subclasses say to the caller the same, and to us what it means."""

    code = "STRIPE_ERROR"
    kind = Kind.UPSTREAM
    message = "Stripe did not do its part. Nothing is half done; send the same request again."


class StripeUnavailable(StripeError):
    """No answer, or a failure on its side: whether it was done is not known. Try again."""


class StripeRefused(StripeError):
    """It understood and said no: the same request will be refused again."""


class StripeNotConfigured(BillingError):
    code = "STRIPE_NOT_CONFIGURED"
    kind = Kind.UNAVAILABLE
    message = "This system is not connected to Stripe."
