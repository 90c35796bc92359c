"""What can go wrong with a tenant."""

from billing.kernel.errors import BillingError, Kind


class CurrencyInUse(BillingError):
    code = "CURRENCY_IN_USE"
    kind = Kind.CONFLICT
    message = (
        "The currency can't change: this tenant has a subscription or was billed in {currency}."
    )
