"""Why there is no tax, in the words that an invoice must print."""

from __future__ import annotations

from django.utils.translation import gettext as _

from invoicing.taxes.treatment import Treatment


def tax_note(treatment: str, reason: str) -> str:
    """Return the sentence in the active language; nothing where tax is charged as usual."""
    if treatment == Treatment.REVERSE_CHARGE:
        return _("Reverse charge: the recipient of the service owes the tax.")
    if treatment == Treatment.EXEMPT:
        return _("Exempt from tax: %(reason)s") % {"reason": reason}
    if treatment == Treatment.SMALL_BUSINESS:
        return reason
    return ""
