"""What surface A's customers and teams take and answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.http.fields import FlagField, IdField, TextField
from billing.http.postal import CountryField, EmailField
from billing.http.serializers import Input
from billing.subscriptions.tiers import TierState
from customers.models import Customer, Membership, Role

ROLES: Final[dict[str | int, Role]] = {
    name: role for role in Role for name in (role.label, role.value)
}


@extend_schema_field(
    {"oneOf": [{"type": "string", "enum": ["admin", "user"]}, {"type": "integer", "enum": [1, 2]}]}
)
class RoleField(serializers.Field[Role, Any, str, Any]):
    """A role by its name, or by the older number. The owner's is read, and refused by the rules."""

    def to_internal_value(self, data: Any) -> Role:
        plain = isinstance(data, str | int) and not isinstance(data, bool | Decimal)
        if not plain or data not in ROLES:
            raise serializers.ValidationError('must be "admin" or "user" (or, older, 1 or 2)')
        return ROLES[data]

    def to_representation(self, value: Any) -> str:
        return Role(value).label


class BillingAddressInput(Input):
    """A postal address as customers give it. A part that is empty is as if left out."""

    street = TextField(least=0, required=False, allow_null=True)
    city = TextField(least=0, required=False, allow_null=True)
    state = TextField(least=0, required=False, allow_null=True)
    postalCode = TextField(least=0, required=False, allow_null=True)
    country = CountryField(required=False, allow_null=True)


class CustomerInput(Input):
    """A new customer."""

    email = EmailField()
    name = TextField(required=False, allow_null=True)
    billingAddress = BillingAddressInput(required=False, allow_null=True)


class MemberInput(Input):
    """A user and its role."""

    userID = IdField()
    role = RoleField()


class TransferInput(Input):
    """Who shall own the customer. `userID` is the older name of `newOwnerUserID`."""

    newOwnerUserID = IdField(required=False)
    userID = IdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take either name; both with different values are refused."""
        if not attrs:
            raise serializers.ValidationError({"newOwnerUserID": "is required"})
        if len(set(attrs.values())) > 1:
            rule = "differ: give newOwnerUserID alone"
            raise serializers.ValidationError({"newOwnerUserID": rule, "userID": rule})
        return attrs


class CustomerSerializer(serializers.Serializer[Customer]):
    """A customer. `gcid` is Stripe's id of it, null where Stripe is not used."""

    id = IdField(source="account_id")
    email = TextField()
    name = TextField()
    gcid = serializers.SerializerMethodField()

    def get_gcid(self, customer: Customer) -> str | None:
        return customer.account.stripe_customer_id or None


class TierSerializer(serializers.Serializer[TierState]):
    """A customer's tier. `subscriptionStatus` is one of Stripe's words."""

    customerId = IdField(source="account_id")
    tierId = IdField(source="tier.id")
    tierName = TextField(source="tier.name")
    description = TextField(source="tier.description")
    isActive = FlagField(source="tier.is_active")
    subscriptionStatus = TextField(source="status")
    trialUsed = FlagField(source="trial_used")


class MemberSerializer(serializers.Serializer[Membership]):
    """A member of a team."""

    roleID = IdField(source="id")
    userID = IdField(source="user_id")
    role = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "enum": ["owner", "admin", "user"]})
    def get_role(self, member: Membership) -> str:
        return Role(member.role).label


class MemberList(serializers.Serializer[Any]):
    """A page of a team: the owner, the admins, the users, each in the order in which they came."""

    members = MemberSerializer(many=True)
    items = serializers.IntegerField()
    pages = serializers.IntegerField()


class AcknowledgedSerializer(serializers.Serializer[Any]):
    """It is done."""

    message = serializers.ChoiceField(choices=["acknowledged"])


ACKNOWLEDGED: Final = {"message": "acknowledged"}


def tenant_address(given: dict[str, Any] | None) -> dict[str, str]:
    """Turn a customer's address into a tenant's: the street is its first line."""
    named = {"street": "line1"}
    return {named.get(name, name): value for name, value in (given or {}).items() if value}
