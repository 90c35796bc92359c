"""Why an invoice has no electronic form."""

from billing.kernel.errors import BillingError, Kind


class EinvoiceNotPossible(BillingError):
    code = "EINVOICE_NOT_POSSIBLE"
    kind = Kind.CONFLICT
    message = "This invoice has no electronic form of EN 16931: {reason}."
