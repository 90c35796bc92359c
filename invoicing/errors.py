"""What can go wrong with an invoice."""

from billing.kernel.errors import BillingError, Kind


class InvoiceHasPayments(BillingError):
    code = "INVOICE_HAS_PAYMENTS"
    kind = Kind.CONFLICT
    message = "The invoice has payments, so it can be credited but not voided."


class InvoiceHasCreditNotes(BillingError):
    code = "INVOICE_HAS_CREDIT_NOTES"
    kind = Kind.CONFLICT
    message = "The invoice has credit notes, so the rest can be credited but not voided."


class PaymentAboveDue(BillingError):
    code = "PAYMENT_ABOVE_DUE"
    kind = Kind.CONFLICT
    message = "The payment is more than what is due: {amount_due} {currency}."


class CreditAboveInvoice(BillingError):
    code = "CREDIT_ABOVE_INVOICE"
    kind = Kind.CONFLICT
    message = "That is more than what is left to credit: {left} {currency}."


class NothingToCredit(BillingError):
    code = "NOTHING_TO_CREDIT"
    kind = Kind.CONFLICT
    message = "Nothing of this is left to credit."


class InvoiceExists(BillingError):
    code = "INVOICE_EXISTS"
    kind = Kind.CONFLICT
    message = "There is an invoice for this period: {invoice_id}. Void it to make another."


class NoSuchPeriod(BillingError):
    code = "NO_SUCH_PERIOD"
    kind = Kind.INVALID
    message = "The subscription has no begun period with these bounds."


class PdfNotReady(BillingError):
    code = "PDF_NOT_READY"
    kind = Kind.UNAVAILABLE
    message = "The PDF is being made. Ask again in a few seconds."
