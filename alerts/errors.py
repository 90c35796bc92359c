"""What is refused about alerts."""

from __future__ import annotations

from billing.kernel.errors import BillingError, Kind


class NoBudget(BillingError):
    code = "NO_BUDGET"
    kind = Kind.CONFLICT
    message = "The tenant has no budget. Give it one first, or set an ABSOLUTE threshold."


class AlertLimitReached(BillingError):
    code = "ALERT_LIMIT_REACHED"
    kind = Kind.CONFLICT
    message = "There are as many alerts as a tenant can have. Delete one that nobody needs."
