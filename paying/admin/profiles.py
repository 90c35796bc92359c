"""How each account pays through Stripe, and changing it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from paying import choosing
from paying.admin.links import at_stripe
from paying.models import Profile
from paying.records import Mode, Way


class ModeForm(forms.Form):
    """Who asks for the money."""

    mode = forms.ChoiceField(
        label=_("Who asks for the money"), choices=Mode.choices, widget=UnfoldAdminSelectWidget
    )
    way = forms.ChoiceField(
        label=_("What Stripe is given of our invoices"),
        choices=Way.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    """Who asks an account for money: we, through Stripe; or a subscription of Stripe's."""

    list_display = (
        columns.tenant(_("Tenant")),
        column("mode", _("Who asks for the money"), lambda p: p.get_mode_display()),
        column("way", _("Stripe is given"), lambda p: p.get_way_display()),
        columns.flag("chosen", _("Chosen by staff")),
        column("card", _("Card on file"), lambda p: p.payment_method or formatting.NONE),
    )
    list_filter = ("mode", "way", "chosen")
    search_fields = ("=account__id", "account__tenant__name", "=account__stripe_customer_id")
    search_help_text = _("Tenant, or Stripe's id")
    list_select_related = ("account__tenant",)
    ordering = ("-account_id",)
    actions_detail = ("choose",)
    detail = (
        columns.tenant(_("Tenant")),
        column("customer", _("Customer"), lambda p: at_stripe(p.account.stripe_customer_id)),
        column("mode", _("Who asks for the money"), lambda p: p.get_mode_display()),
        column("way", _("Stripe is given"), lambda p: p.get_way_display()),
        columns.flag("chosen", _("Chosen by staff")),
        column("card", _("Card on file"), lambda p: p.payment_method or formatting.NONE),
    )

    def has_choose_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("paying.change_profile"))

    @action(
        description=_("Choose"), icon="tune", permissions=["choose"], variant=ActionVariant.PRIMARY
    )
    def choose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose who asks for the money, after a question."""
        profile = self.found(request, object_id)

        def act(given: dict[str, Any]) -> str:
            named = {"mode": given["mode"], "way": given["way"], "now": clock.now()}
            choosing.choose_mode(account_id=profile.pk, **named)
            return gettext("From now on it is so.")

        words = {
            "title": gettext("Who shall ask for the money?"),
            "question": gettext(
                "A subscription at Stripe goes on until it is ended there: end it before you "
                "choose that we invoice, or both ask. With invoices Stripe is told each line of "
                "ours; a payment says only the amount."
            ),
            "button": gettext("Choose"),
            "tone": "primary",
        }
        return confirm(
            self,
            request,
            words=words,
            back=self.page_url(object_id),
            act=act,
            form_class=partial(ModeForm, initial={"mode": profile.mode, "way": profile.way}),
        )
