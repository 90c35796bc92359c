"""Why usage is over a quota, and why a reservation can't be made or ended."""

from __future__ import annotations

from billing.kernel.errors import BillingError, Kind


class UsageQuotaExceeded(BillingError):
    """More than is left of a hard quota. `extra` says what is left, and when its window ends."""

    code = "QUOTA_EXCEEDED"
    kind = Kind.FORBIDDEN
    message = "The tenant's quota of {limit} {unit} of {metric_type} leaves {remaining}."


class SubscriptionPaused(BillingError):
    code = "SUBSCRIPTION_PAUSED"
    kind = Kind.CONFLICT
    message = "The subscription is paused: nothing is reserved. Resume it first."


class ReservationEnded(BillingError):
    """Committed or released already. `extra` says what became of it."""

    code = "RESERVATION_ENDED"
    kind = Kind.CONFLICT
    message = "The reservation is {status} already: it can't be ended again."


class ReservationExpired(BillingError):
    code = "RESERVATION_EXPIRED"
    kind = Kind.CONFLICT
    message = "The reservation has expired, and what it held is given back. Reserve anew."


class TooManyReservations(BillingError):
    code = "TOO_MANY_RESERVATIONS"
    kind = Kind.CONFLICT
    message = "The tenant has {limit} open reservations. Commit or release some first."
