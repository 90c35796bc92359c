"""Why a usage event is not taken."""

from __future__ import annotations

from typing import ClassVar

from billing.kernel.errors import BillingError, Kind


class EventRefused(BillingError):
    """A well-formed event that a rule refuses. One that is stored already is a duplicate."""

    kind: ClassVar[Kind] = Kind.INVALID


class UnknownMetricType(EventRefused):
    code = "UNKNOWN_METRIC_TYPE"
    message = "There is no meter of this metricType."


class MeterInactive(EventRefused):
    code = "METER_INACTIVE"
    message = "The meter {metric_type} takes no usage: it was deactivated."


class WrongUnit(EventRefused):
    code = "WRONG_UNIT"
    message = "The meter {metric_type} counts in another unit: {unit}."


class UnknownCostCenter(EventRefused):
    code = "UNKNOWN_COST_CENTER"
    message = "The tenant has no such cost center."


class NegativeQuantity(EventRefused):
    code = "NEGATIVE_QUANTITY"
    message = (
        'A negative quantity is a correction: it takes "correction": true, and a meter that sums.'
    )


class NoCorrection(EventRefused):
    code = "NOT_A_CORRECTION"
    message = "Only the usage of a meter that sums can be corrected."


class CorrectionForbidden(EventRefused):
    code = "FORBIDDEN"
    kind = Kind.FORBIDDEN
    message = "You may not do this: a correction takes the role billing_admin."


class TooFarAhead(EventRefused):
    code = "TIMESTAMP_IN_FUTURE"
    message = "The timestamp is more than an hour ahead of the tenant's clock."


class TooOld(EventRefused):
    code = "TIMESTAMP_TOO_OLD"
    message = "The timestamp is older than the {days} days for which usage is kept."


class MissingUniqueField(EventRefused):
    code = "MISSING_UNIQUE_FIELD"
    message = "The meter {metric_type} counts distinct values of {field}: the event has none."


class NoEventAccepted(BillingError):
    code = "NO_EVENT_ACCEPTED"
    kind = Kind.INVALID
    message = "No event was accepted; `rejected` says why, one by one."
