"""What can go wrong with customers and their teams."""

from billing.kernel.errors import BillingError, Kind


class AlreadyMember(BillingError):
    code = "ALREADY_A_MEMBER"
    kind = Kind.CONFLICT
    message = "This user belongs to a customer already: a user has one membership."


class MemberLimitReached(BillingError):
    code = "MEMBER_LIMIT_REACHED"
    kind = Kind.PAYMENT_REQUIRED
    message = "The tier allows {limit} members, its owner included. Upgrade to add more."


class NotOnYourself(BillingError):
    code = "NOT_ON_YOURSELF"
    kind = Kind.INVALID
    message = "You can't do this to yourself: {instead}."


class OwnerStays(BillingError):
    code = "OWNER_STAYS"
    kind = Kind.CONFLICT
    message = "This is the customer's owner. Transfer the ownership first."


class OwnerByTransfer(BillingError):
    code = "OWNER_BY_TRANSFER"
    kind = Kind.INVALID
    message = "A customer has one owner: use transfer-ownership."


class RoleTooHigh(BillingError):
    code = "ROLE_TOO_HIGH"
    kind = Kind.FORBIDDEN
    message = "An admin adds, and manages the users; who is an admin is the owner's to change."
