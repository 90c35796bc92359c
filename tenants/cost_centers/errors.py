"""What can go wrong with a cost center."""

from billing.kernel.errors import BillingError, Kind


class CostCenterHasChildren(BillingError):
    code = "COST_CENTER_HAS_CHILDREN"
    kind = Kind.CONFLICT
    message = "The cost center {code} has others under it. Move or delete these first."


class TooManyCostCenters(BillingError):
    code = "TOO_MANY_COST_CENTERS"
    kind = Kind.CONFLICT
    message = "The tenant has {most} cost centers, which is as many as it may have."
