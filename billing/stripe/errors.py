"""What can go wrong with Stripe."""

from billing.kernel.errors import BillingError, Kind


class StripeError(BillingError):
    """Stripe failed us. Its subclasses say to the caller the same, and to us what it means.

    `reason` is Stripe's own code where it gave one: for logs and the back office.
    """

    code = "STRIPE_ERROR"
    kind = Kind.UPSTREAM
    message = "Stripe did not do its part. Nothing is half done; send the same request again."
    reason = ""

    @classmethod
    def because(cls, reason: str) -> "StripeError":
        """Make one that remembers Stripe's code."""
        made = cls()
        made.reason = reason[:255]
        return made


class StripeUnavailable(StripeError):
    """No answer, or a failure on its side: whether it was done is not known. Try again."""


class StripeKeySpent(StripeUnavailable):
    """A failure on its side that it keeps under the idempotency key: the same request will get it
    again for a day. What was done is looked for; what was not is asked for under another key.
    """


class StripeKeyRefused(StripeUnavailable):
    """It does not know our key, or the key may not do this: nothing was done, and whoever runs the
    system has to give another key. What is due stays due.
    """


class StripeRefused(StripeError):
    """It understood and said no: the same request will be refused again."""


class StripeNotConfigured(BillingError):
    code = "STRIPE_NOT_CONFIGURED"
    kind = Kind.UNAVAILABLE
    message = "This system is not connected to Stripe."


class SignatureRefused(BillingError):
    code = "STRIPE_SIGNATURE_INVALID"
    kind = Kind.INVALID
    message = "The Stripe-Signature header does not fit this body: {reason}."


class ModeRefused(BillingError):
    code = "STRIPE_MODE_MISMATCH"
    kind = Kind.INVALID
    message = "The event is of the other mode of Stripe's, live or test, than this system's key."
