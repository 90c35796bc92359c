"""What a plan's endpoints take, and the drafts that it becomes."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from billing.catalog.drafts import STANDARD, ChargeDraft, LimitDraft
from billing.catalog.models import ChargeModel, Interval, PlanLimit
from billing.catalog.rules import LARGEST_LIMIT, MAX_CHARGES, MAX_LIMITS, MAX_TIERS
from billing.http.fields import (
    CodeField,
    CurrencyField,
    DecimalStringField,
    FlagField,
    ObjectField,
    OneOfField,
    TextField,
    WholeField,
)
from billing.http.serializers import Input
from billing.pricing import ChargeModel as Model
from billing.pricing import ChargeTerms, Tier

FILTER: Final = (
    "Takes the events whose metadata have all of these properties, 10 at most. The charge of the "
    "meter without one takes the rest."
)


def up_to(most: int, child: Input, *, allow_null: bool = False) -> serializers.ListSerializer[Any]:
    """Take a list that may be left out, of at most so many."""
    return serializers.ListSerializer(
        child=child, required=False, allow_null=allow_null, max_length=most
    )


class TierInput(Input):
    """Quantities above the tier before, up to and including `upTo`; the last one has none."""

    upTo = DecimalStringField(required=False, allow_null=True)
    unitPrice = DecimalStringField(required=False, allow_null=True)
    flatFee = DecimalStringField(required=False, allow_null=True)


class ChargeInput(Input):
    """A price for a meter's usage. Each model has fields of its own; others are refused."""

    metricType = TextField()
    description = TextField(least=0, most=2000, required=False, allow_null=True)
    model = OneOfField(choices=ChargeModel.choices)
    includedQuantity = DecimalStringField(required=False, allow_null=True)
    filter = ObjectField(required=False, allow_null=True, help_text=FILTER)
    minimumAmount = DecimalStringField(required=False, allow_null=True)
    maximumAmount = DecimalStringField(required=False, allow_null=True)
    taxCategory = TextField(default=STANDARD)
    unitPrice = DecimalStringField(required=False, allow_null=True)
    packageSize = DecimalStringField(required=False, allow_null=True)
    packagePrice = DecimalStringField(required=False, allow_null=True)
    tiers = up_to(MAX_TIERS, TierInput(), allow_null=True)
    rate = DecimalStringField(required=False, allow_null=True, help_text="In percent.")
    fixedFee = DecimalStringField(required=False, allow_null=True, help_text="For each event.")


class LimitInput(Input):
    """A rate (with a window) or a standing cap (without) of a service's feature."""

    serviceName = TextField()
    featureKey = TextField()
    value = WholeField(least=-1, most=LARGEST_LIMIT, help_text="-1: unlimited.")
    window = OneOfField(choices=PlanLimit.Window.choices, required=False, allow_null=True)
    description = TextField(least=0, most=2000, required=False)


class PlanInput(Input):
    """A new plan."""

    code = CodeField()
    name = TextField()
    description = TextField(least=0, most=2000, default="")
    currency = CurrencyField()
    interval = OneOfField(choices=Interval.choices)
    price = DecimalStringField()
    payInAdvance = FlagField(default=False)
    trialDays = WholeField(least=0, most=3650, default=0)
    isActive = FlagField(default=True)
    isDefault = FlagField(default=False)
    sortOrder = WholeField(least=-(2**31), default=0)
    stripePriceId = TextField(least=0, default="")
    taxCategory = TextField(default=STANDARD)
    minimumCommitment = DecimalStringField(required=False, allow_null=True)
    charges = up_to(MAX_CHARGES, ChargeInput())
    limits = up_to(MAX_LIMITS, LimitInput())


class PlanPatch(Input):
    """What of a plan may change. Lists are replaced whole; null clears the minimum commitment."""

    name = TextField(required=False)
    description = TextField(least=0, most=2000, required=False)
    currency = CurrencyField(required=False)
    interval = OneOfField(choices=Interval.choices, required=False)
    price = DecimalStringField(required=False)
    payInAdvance = FlagField(required=False)
    trialDays = WholeField(least=0, most=3650, required=False)
    isActive = FlagField(required=False)
    isDefault = FlagField(required=False)
    sortOrder = WholeField(least=-(2**31), required=False)
    stripePriceId = TextField(least=0, required=False)
    taxCategory = TextField(required=False)
    minimumCommitment = DecimalStringField(required=False, allow_null=True)
    charges = up_to(MAX_CHARGES, ChargeInput())
    limits = up_to(MAX_LIMITS, LimitInput())

    def keeps_null(self, name: str) -> bool:
        """A partial read would also let go of what its charges need, so this one is none."""
        return True


DETAILS: Final = {
    "name": "name",
    "description": "description",
    "isActive": "is_active",
    "isDefault": "is_default",
    "sortOrder": "sort_order",
}
PRICES: Final = {
    "currency": "currency",
    "interval": "interval",
    "price": "price",
    "payInAdvance": "pay_in_advance",
    "trialDays": "trial_days",
    "minimumCommitment": "minimum_commitment",
    "taxCategory": "tax_category",
    "stripePriceId": "stripe_price_id",
}


def details_of(given: dict[str, Any]) -> dict[str, Any]:
    """Pick the plan's own fields, under the model's names."""
    return {DETAILS[name]: value for name, value in given.items() if name in DETAILS}


def prices_of(given: dict[str, Any]) -> dict[str, Any]:
    """Pick what makes a version, under the names of VersionDraft."""
    prices = {PRICES[name]: value for name, value in given.items() if name in PRICES}
    if "charges" in given:
        prices["charges"] = tuple(_charge(charge) for charge in given["charges"])
    return prices


def limits_of(given: dict[str, Any]) -> tuple[LimitDraft, ...] | None:
    """Return the limits, or None where none are spoken of."""
    if "limits" not in given:
        return None
    return tuple(
        LimitDraft(
            service_name=limit["serviceName"],
            feature_key=limit["featureKey"],
            value=limit["value"],
            window=limit.get("window") or "",
            description=limit.get("description", ""),
        )
        for limit in given["limits"]
    )


def _charge(given: dict[str, Any]) -> ChargeDraft:
    tiers = given.get("tiers")
    terms = ChargeTerms(
        model=Model(given["model"]),
        included_quantity=given.get("includedQuantity"),
        unit_price=given.get("unitPrice"),
        package_size=given.get("packageSize"),
        package_price=given.get("packagePrice"),
        tiers=None if tiers is None else tuple(_tier(tier) for tier in tiers),
        rate=given.get("rate"),
        fixed_fee=given.get("fixedFee"),
        minimum=given.get("minimumAmount"),
        maximum=given.get("maximumAmount"),
    )
    return ChargeDraft(
        metric_type=given["metricType"],
        terms=terms,
        description=given.get("description", ""),
        filter=given.get("filter"),
        tax_category=given["taxCategory"],
    )


def _tier(given: dict[str, Any]) -> Tier:
    return Tier(
        up_to=given.get("upTo"), unit_price=given.get("unitPrice"), flat_fee=given.get("flatFee")
    )
