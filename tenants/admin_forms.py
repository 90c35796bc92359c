"""The tenant's form."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from billing.admin.pages import ServiceForm
from billing.kernel.countries import is_country
from billing.kernel.money import MINOR_DIGITS, Money, parse_amount
from billing.models import TestClock
from tenants.models import Tenant

CURRENCIES = [(code, code) for code in sorted(MINOR_DIGITS)]
ADDRESS = {
    "line1": "line1",
    "line2": "line2",
    "city": "city",
    "postal_code": "postalCode",
    "state": "state",
    "region": "region",
    "country": "country",
}
"""The form's names of an address's parts, and the stored ones."""


def zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones())]


def clocks() -> list[tuple[str, Any]]:
    found = TestClock.objects.order_by("-created_at")[:200]
    return [("", _("Real time")), *((str(clock.pk), str(clock)) for clock in found)]


def _is_country(code: str) -> None:
    if not is_country(code):
        raise ValidationError(_("Two capital letters of ISO 3166-1, such as DE."))


def _text(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=255, required=False, widget=UnfoldAdminTextInputWidget, **kwargs
    )


class TenantForm(ServiceForm):
    """A tenant, its account's currency and zone, and its address."""

    wire_names: ClassVar[dict[str, str]] = {"customerId": "customer", "testClockId": "test_clock"}

    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=CURRENCIES,
        initial="USD",
        widget=UnfoldAdminSelect2Widget,
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=zones, initial="UTC", widget=UnfoldAdminSelect2Widget
    )
    customer = forms.UUIDField(
        label=_("Customer's id"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    test_clock = forms.TypedChoiceField(
        label=_("Test clock"),
        choices=clocks,
        required=False,
        coerce=str,
        empty_value=None,
        widget=UnfoldAdminSelect2Widget,
    )
    budget = forms.DecimalField(
        label=_("Budget a period"),
        required=False,
        min_value=0,
        max_digits=15,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    billing_email = forms.EmailField(
        label=_("E-mail"), max_length=255, required=False, widget=UnfoldAdminEmailInputWidget
    )
    line1 = _text(_("Street"))
    line2 = _text(_("Second line"))
    postal_code = _text(_("Postal code"))
    city = _text(_("City"))
    state = _text(_("State or province"))
    region = _text(_("Region"))
    country = _text(_("Country"), validators=[_is_country])

    class Meta:
        model = Tenant
        fields = ("name", "tax_id")
        labels = {"name": _("Name"), "tax_id": _("Tax id")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant = self.instance
        if tenant._state.adding:  # noqa: SLF001
            return
        account = tenant.account
        given: dict[str, Any] = {
            "currency": account.currency,
            "timezone": account.timezone,
            "billing_email": tenant.billing_email,
        }
        if tenant.budget_minor is not None:
            given["budget"] = Money(tenant.budget_minor, account.currency).major
        address = tenant.address or {}
        given |= {field: address.get(stored, "") for field, stored in ADDRESS.items()}
        for field, value in given.items():
            if field in self.fields:
                self.fields[field].initial = value

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        budget, currency = cleaned.get("budget"), cleaned.get("currency")
        if budget is not None and currency:
            try:
                cleaned["budget_minor"] = parse_amount(format(budget, "f"), currency).minor
            except ValueError as error:
                self.add_error("budget", str(error))
        return cleaned

    def details(self) -> dict[str, Any]:
        """Return the tenant's own fields, as the services take them."""
        given = self.cleaned_data
        parts = {stored: given[field] for field, stored in ADDRESS.items() if given.get(field)}
        kept = {
            name: value
            for name, value in (self.instance.address or {}).items()
            if name not in ADDRESS.values()
        }
        return {
            "name": given["name"],
            "billing_email": given["billing_email"],
            "tax_id": given["tax_id"],
            "budget_minor": given.get("budget_minor"),
            "address": {**kept, **parts} or None,
        }
