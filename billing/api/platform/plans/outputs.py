"""A plan as the API shows it: one of its versions, with the plan's names and limits."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from billing.catalog.models import (
    Charge,
    ChargeModel,
    Interval,
    PlanLimit,
    PlanVersion,
    TaxBehavior,
)
from billing.http.fields import (
    CurrencyField,
    DecimalStringField,
    IdField,
    MoneyField,
    ObjectField,
    OneOfField,
    TextField,
    TimeField,
)
from billing.kernel.money import Money

OWN_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    ChargeModel.PER_UNIT: ("unitPrice",),
    ChargeModel.PACKAGE: ("packageSize", "packagePrice"),
    ChargeModel.GRADUATED: ("tiers",),
    ChargeModel.VOLUME: ("tiers",),
    ChargeModel.PERCENTAGE: ("rate", "fixedFee"),
    ChargeModel.STAIRCASE: ("tiers",),
}
MODEL_FIELDS: Final = frozenset(name for names in OWN_FIELDS.values() for name in names)


class TierSerializer(serializers.Serializer[Any]):
    """Quantities up to and including `upTo`; null: the rest. STAIRCASE has no unitPrice."""

    upTo = TextField(allow_null=True)
    unitPrice = TextField(required=False, allow_null=True)
    flatFee = TextField(allow_null=True)


class ChargeSerializer(serializers.Serializer[Charge]):
    """A charge. Of the models' fields only its own model's are there."""

    id = IdField()
    metricType = TextField(source="meter.metric_type")
    description = serializers.SerializerMethodField()
    model = OneOfField(choices=ChargeModel.choices)
    includedQuantity = DecimalStringField(source="included_quantity", allow_null=True)
    filter = ObjectField(allow_null=True)
    minimumAmount = serializers.SerializerMethodField()
    maximumAmount = serializers.SerializerMethodField()
    taxCategory = TextField(source="tax_category")
    unitPrice = DecimalStringField(source="unit_price", required=False)
    packageSize = DecimalStringField(source="package_size", required=False)
    packagePrice = DecimalStringField(source="package_price", required=False)
    tiers = TierSerializer(many=True, required=False)
    rate = DecimalStringField(required=False)
    fixedFee = DecimalStringField(source="fixed_fee", required=False, allow_null=True)

    def get_description(self, charge: Charge) -> str | None:
        return charge.description or None

    def get_minimumAmount(self, charge: Charge) -> str | None:  # noqa: N802
        return self.amount(charge.minimum_minor)

    def get_maximumAmount(self, charge: Charge) -> str | None:  # noqa: N802
        return self.amount(charge.maximum_minor)

    def amount(self, minor: int | None) -> str | None:
        return None if minor is None else Money(minor, self.context["currency"]).amount

    def to_representation(self, instance: Charge) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        for name in MODEL_FIELDS - set(OWN_FIELDS[instance.model]):
            shown.pop(name, None)
        if instance.model == ChargeModel.STAIRCASE:
            for tier in shown["tiers"]:
                del tier["unitPrice"]
        return shown


class LimitSerializer(serializers.Serializer[PlanLimit]):
    """A limit. −1: unlimited; no window: a standing cap."""

    serviceName = TextField(source="service_name")
    featureKey = TextField(source="feature_key")
    value = serializers.IntegerField()
    window = serializers.SerializerMethodField()
    description = TextField()

    def get_window(self, limit: PlanLimit) -> str | None:
        return limit.window or None


class PlanSerializer(serializers.Serializer[PlanVersion]):
    """A version of a plan. `id` and `createdAt` are the version's."""

    id = IdField()
    code = TextField(source="plan.code")
    name = TextField(source="plan.name")
    description = TextField(source="plan.description")
    version = serializers.IntegerField()
    currency = CurrencyField()
    interval = OneOfField(choices=Interval.choices)
    price = MoneyField(minor="price_minor")
    payInAdvance = serializers.BooleanField(source="pay_in_advance")
    trialDays = serializers.IntegerField(source="trial_days")
    isActive = serializers.BooleanField(source="plan.is_active")
    isDefault = serializers.BooleanField(source="plan.is_default")
    sortOrder = serializers.IntegerField(source="plan.sort_order")
    stripePriceId = serializers.SerializerMethodField()
    taxCategory = TextField(source="tax_category")
    taxBehavior = OneOfField(choices=TaxBehavior.choices, source="tax_behavior")
    minimumCommitment = MoneyField(minor="minimum_commitment_minor", allow_null=True)
    charges = serializers.SerializerMethodField()
    limits = LimitSerializer(source="plan.limits", many=True)
    createdAt = TimeField(source="created_at")

    def get_stripePriceId(self, version: PlanVersion) -> str | None:  # noqa: N802
        return version.stripe_price_id or None

    def get_charges(self, version: PlanVersion) -> list[Any]:
        context = {"currency": version.currency}
        return [ChargeSerializer(row, context=context).data for row in version.charges.all()]


def show(version: PlanVersion) -> Any:
    """Write a version that was loaded with its parts."""
    return PlanSerializer(version).data
