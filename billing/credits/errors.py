"""What can go wrong with credit."""

from billing.kernel.errors import BillingError, Kind


class CreditAlreadyUsed(BillingError):
    code = "CREDIT_ALREADY_USED"
    kind = Kind.CONFLICT
    message = "The credit that the invoice granted is used already. Void what used it first."


class CreditOutOfBounds(BillingError):
    code = "CREDIT_OUT_OF_BOUNDS"
    kind = Kind.CONFLICT
    message = "The tenant's credit would be larger than any that we can store."
