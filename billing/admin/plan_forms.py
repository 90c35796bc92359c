"""The plan's form: names that may change, and prices that make a new version when they do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from billing.admin.pages import ServiceForm
from billing.catalog.drafts import LimitDraft, VersionDraft, draft_of
from billing.kernel.money import MINOR_DIGITS
from billing.models import Plan, PlanVersion

CURRENCIES = [(code, code) for code in sorted(MINOR_DIGITS)]
INTERVALS = [
    ("DAY", _("Day")),
    ("WEEK", _("Week")),
    ("MONTH", _("Month")),
    ("QUARTER", _("Quarter")),
    ("YEAR", _("Year")),
]
BEHAVIORS = [
    ("EXCLUSIVE", _("come on top of these prices")),
    ("INCLUSIVE", _("are in these prices")),
]
DETAILS = ("name", "description", "is_active", "is_default", "sort_order")
PRICES = (
    "currency",
    "interval",
    "price",
    "pay_in_advance",
    "trial_days",
    "minimum_commitment",
    "tax_category",
    "tax_behavior",
)


class PlanForm(ServiceForm):
    """A plan and its newest version's prices. The version's charges stay as they are."""

    wire_names: ClassVar[dict[str, str]] = {
        "isDefault": "is_default",
        "isActive": "is_active",
        "trialDays": "trial_days",
        "payInAdvance": "pay_in_advance",
        "minimumCommitment": "minimum_commitment",
        "taxCategory": "tax_category",
        "taxBehavior": "tax_behavior",
    }

    currency = forms.ChoiceField(
        label=_("Currency"), choices=CURRENCIES, initial="USD", widget=UnfoldAdminSelectWidget
    )
    interval = forms.ChoiceField(
        label=_("Interval"), choices=INTERVALS, initial="MONTH", widget=UnfoldAdminSelectWidget
    )
    price = forms.DecimalField(
        label=_("Price"), min_value=0, max_digits=15, widget=UnfoldAdminDecimalFieldWidget
    )
    pay_in_advance = forms.BooleanField(
        label=_("Paid in advance"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    trial_days = forms.IntegerField(
        label=_("Days of trial"),
        min_value=0,
        max_value=3650,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    minimum_commitment = forms.DecimalField(
        label=_("Minimum commitment"),
        min_value=0,
        max_digits=15,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    tax_category = forms.CharField(
        label=_("Tax category"),
        max_length=255,
        initial="STANDARD",
        widget=UnfoldAdminTextInputWidget,
    )
    tax_behavior = forms.ChoiceField(
        label=_("Taxes"),
        choices=BEHAVIORS,
        initial="EXCLUSIVE",
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Plan
        fields = ("code", *DETAILS)
        labels = {
            "code": _("Code"),
            "name": _("Name"),
            "description": _("Description"),
            "is_active": _("Active"),
            "is_default": _("Default"),
            "sort_order": _("Position"),
        }
        help_texts = {
            "code": _("What the API calls the plan. It can't change."),
            "is_active": _("Off: nobody new can subscribe; who has the plan keeps it."),
            "is_default": _("At most one plan: another one that is the default loses it."),
        }
        widgets = {
            "code": UnfoldAdminTextInputWidget,
            "name": UnfoldAdminTextInputWidget,
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.newest()
        if version is not None:
            draft = draft_of(version)
            smallest = Decimal(1).scaleb(-MINOR_DIGITS[draft.currency])
            for field in PRICES:
                value = getattr(draft, field)
                is_money = isinstance(value, Decimal)
                self.fields[field].initial = value.quantize(smallest) if is_money else value

    def newest(self) -> PlanVersion | None:
        """Return the version that the prices are of; none while the plan is new."""
        if self.instance._state.adding:  # noqa: SLF001
            return None
        versions = PlanVersion.objects.with_parts().filter(plan_id=self.instance.pk)
        return versions.order_by("-version").first()

    def details(self) -> dict[str, Any]:
        return {field: self.cleaned_data[field] for field in DETAILS}

    def prices(self) -> dict[str, Any]:
        """Return the price fields that were changed, as `update_plan` takes them."""
        changed = [field for field in PRICES if field in self.changed_data]
        return {field: self._price(field) for field in changed}

    def draft(self) -> VersionDraft:
        """Return all prices of a new plan; charges are added through the API."""
        return VersionDraft(**{field: self._price(field) for field in PRICES})

    def _price(self, field: str) -> Any:
        value = self.cleaned_data[field]
        return value.normalize() + Decimal(0) if isinstance(value, Decimal) else value


def limits_of(formset: Any) -> list[LimitDraft]:
    """Return the rows of the limits' table that are not empty and not deleted."""
    return [
        LimitDraft(
            service_name=row["service_name"],
            feature_key=row["feature_key"],
            value=row["value"],
            window=row.get("window") or "",
            description=row.get("description") or "",
        )
        for row in (form.cleaned_data for form in formset.forms)
        if row and not row.get("DELETE")
    ]
