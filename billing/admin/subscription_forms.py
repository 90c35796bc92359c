"""What staff are asked for before something is done to a subscription."""

from __future__ import annotations

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.admin import prices
from billing.models import PlanVersion, Subscription
from billing.subscriptions import changing

DATE: Final = forms.DateInput(attrs={"type": "date"})


class PlanForm(forms.Form):
    """Which plan, and from when on."""

    plan = forms.ChoiceField(label=_("New plan"))
    when = forms.ChoiceField(
        label=_("When"),
        choices=[
            (changing.When.PERIOD_END.value, _("With the next period")),
            (changing.When.NOW.value, _("Now")),
        ],
    )
    prorate = forms.BooleanField(
        label=_("Split the fee by the second"),
        required=False,
        initial=True,
        help_text=_("Of a change now. Without it the old fee stays until the period's end."),
    )


class CancelForm(forms.Form):
    """How it ends."""

    immediately = forms.BooleanField(
        label=_("End it now"),
        required=False,
        help_text=_("A last invoice is made; what is unused of a fee in advance is credited."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=2000, required=False)


DISCOUNT_FIELDS: Final = {
    "discountPercent": forms.CharField(label=_("Percentage"), max_length=32, required=False),
    "discountAmount": forms.CharField(label=_("Or an amount"), max_length=32, required=False),
    "durationMonths": forms.IntegerField(
        label=_("Months"), required=False, help_text=_("Left out: for ever.")
    ),
    "reason": forms.CharField(label=_("Reason"), max_length=2000, required=False),
}
DiscountForm: Final = type("DiscountForm", (forms.Form,), DISCOUNT_FIELDS)
"""A percentage or an amount. The fields are named as the services name them."""


class CreditForm(forms.Form):
    """How much, and until when."""

    amount = forms.CharField(label=_("Amount"), max_length=32)
    expires_on = forms.DateField(
        label=_("Expires on (UTC)"),
        required=False,
        widget=DATE,
        help_text=_("With the beginning of that day. Left out: never."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=2000, required=False)


def plan_form(subscription: Subscription) -> type[forms.Form]:
    """Return the form with the plans that can be taken: active ones in the account's currency."""
    newest = PlanVersion.objects.filter(
        plan__is_active=True, currency=subscription.account.currency
    ).order_by("plan__name", "plan_id", "-version")
    versions = newest.distinct("plan__name", "plan_id").select_related("plan")
    choices = [
        (str(v.pk), f"{v.plan.name}, {prices.fee(v.price_minor, v.currency, v.interval)}")
        for v in versions
    ]

    class Filled(PlanForm):
        plan = forms.ChoiceField(label=_("New plan"), choices=choices)

    return Filled
