"""Coupons in the back office: made, looked at, taken off the offer, through the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import columns, formatting, prices
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyInline, ServiceAdmin, ServiceForm, confirm
from billing.kernel import clock
from billing.models import Plan
from coupons.models import Coupon, DiscountType, Redemption
from coupons.services import CouponDraft, create_coupon, deactivate_coupon


def value_of(coupon: Coupon) -> str:
    """Say what it takes off, or grants."""
    if coupon.discount_type == DiscountType.PERCENTAGE:
        return gettext("%(amount)s off") % {"amount": formatting.percent(coupon.value)}
    amount = prices.rate(coupon.value, coupon.currency)
    if coupon.discount_type == DiscountType.CREDIT:
        return gettext("%(amount)s of credit") % {"amount": amount}
    return gettext("%(amount)s off") % {"amount": amount}


def least_of(coupon: Coupon) -> str:
    """Say what the plan has to cost; one that is for every currency names none."""
    least = coupon.minimum_amount
    if least is None:
        return formatting.NONE
    return prices.rate(least, coupon.currency) if coupon.currency else formatting.number(least)


def state_of(coupon: Coupon) -> SafeString:
    """Say whether it can be redeemed now; tenants on test clocks have their own now."""
    if not coupon.is_active:
        return formatting.label(_("Off the offer"), "struck")
    if coupon.expires_at is not None and coupon.expires_at <= clock.now():
        return formatting.label(_("Expired"), "quiet")
    most = coupon.max_redemptions
    if most is not None and coupon.current_redemptions >= most:
        return formatting.label(_("Exhausted"), "quiet")
    return formatting.label(_("On offer"), "good")


def redeemed(coupon: Coupon) -> str:
    if coupon.max_redemptions is None:
        return str(coupon.current_redemptions)
    words = {"count": coupon.current_redemptions, "most": coupon.max_redemptions}
    return gettext("%(count)s of %(most)s") % words


def plans_of(coupon: Coupon) -> str:
    names = [plan.name for plan in coupon.applicable_plans.all()]
    return ", ".join(names) or gettext("Every plan")


class RedemptionInline(ReadOnlyInline):
    """Who redeemed it, and when."""

    model = Redemption
    verbose_name_plural = _("Redemptions")
    hide_title = True
    per_page = 50
    ordering = ("-redeemed_at", "-id")
    fields = readonly_fields = (
        columns.tenant(_("Tenant")),
        column(
            "subscription",
            _("Subscription"),
            lambda r: (
                formatting.link(
                    "billing_subscription_change",
                    formatting.LABELS[r.subscription.status][0],
                    r.subscription_id,
                )
                if r.subscription
                else formatting.NONE
            ),
        ),
        columns.moment("redeemed_at", _("Redeemed")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        rows = super().get_queryset(request)
        return rows.select_related("account__tenant", "subscription")  # type: ignore[no-any-return]


class CouponForm(ServiceForm):
    """A new coupon. What it is made of never changes."""

    wire_names: ClassVar[Mapping[str, str]] = {
        "discountType": "discount_type",
        "discountValue": "value",
        "durationMonths": "duration_months",
        "maxRedemptions": "max_redemptions",
        "maxRedemptionsPerTenant": "max_redemptions_per_tenant",
        "expiresAt": "expires_at",
        "applicablePlanIds": "applicable_plans",
        "minimumAmount": "minimum_amount",
    }

    class Meta:
        model = Coupon
        fields = (
            "code",
            "description",
            "discount_type",
            "value",
            "currency",
            "duration_months",
            "max_redemptions",
            "max_redemptions_per_tenant",
            "expires_at",
            "minimum_amount",
            "applicable_plans",
        )
        labels: ClassVar = {
            "code": _("Code"),
            "description": _("Description"),
            "discount_type": _("Kind"),
            "value": _("Value"),
            "currency": _("Currency"),
            "duration_months": _("Months"),
            "max_redemptions": _("Redemptions at most"),
            "max_redemptions_per_tenant": _("At most by a tenant"),
            "expires_at": _("Expires"),
            "minimum_amount": _("Least price of the plan"),
            "applicable_plans": _("Plans"),
        }
        help_texts: ClassVar = {
            "code": _("Taken in any letter case."),
            "value": _("A percentage, or an amount in the currency."),
            "currency": _("Such as EUR. Not needed for a percentage."),
            "duration_months": _("Left out: for ever. Not for credit, which is granted once."),
            "max_redemptions": _("Left out: without end."),
            "expires_at": _("UTC. Left out: never."),
            "applicable_plans": _("None chosen: every plan."),
        }

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if not code.isprintable() or "/" in code:
            raise forms.ValidationError(gettext("may not hold a slash or a control character"))
        return code

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        return currency

    def draft(self) -> CouponDraft:
        given = self.cleaned_data
        return CouponDraft(
            code=given["code"],
            discount_type=given["discount_type"],
            value=given["value"],
            description=given["description"],
            currency=given["currency"],
            duration_months=given["duration_months"],
            max_redemptions=given["max_redemptions"],
            max_redemptions_per_tenant=given["max_redemptions_per_tenant"],
            expires_at=given["expires_at"],
            plans=[plan.code for plan in given["applicable_plans"]],
            minimum_amount=given["minimum_amount"],
        )


@admin.register(Coupon)
class CouponAdmin(ServiceAdmin):
    """Offers under a code: what each takes off, and who redeemed it."""

    form = CouponForm
    inlines = (RedemptionInline,)
    list_display = (
        column("code_text", _("Code"), lambda c: c.code, ordering="code"),
        column("takes", _("Offer"), value_of),
        column("state", _("State"), state_of),
        column("redeemed", _("Redeemed"), redeemed, ordering="current_redemptions"),
        columns.moment("expires_at", _("Expires")),
        columns.moment("created_at", _("Made")),
    )
    list_filter = ("discount_type", "is_active")
    search_fields = ("code", "description", "=id")
    search_help_text = _("Code, description or an id")
    ordering = ("-created_at", "-id")
    actions_detail = ("deactivate",)
    detail = (
        column("code_text", _("Code"), lambda c: c.code),
        column("text", _("Description"), lambda c: c.description or formatting.NONE),
        column("takes", _("Offer"), value_of),
        column("state", _("State"), state_of),
        column("months", _("Months"), lambda c: c.duration_months or _("For ever")),
        column("redeemed", _("Redeemed"), redeemed),
        column(
            "by_tenant",
            _("At most by a tenant"),
            lambda c: c.max_redemptions_per_tenant or _("Without end"),
        ),
        column("plans", _("Plans"), plans_of),
        column(
            "least",
            _("Least price of the plan"),
            least_of,
        ),
        columns.moment("expires_at", _("Expires")),
        columns.moment("created_at", _("Made")),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.detail if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.detail if obj is not None else CouponForm.Meta.fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what a coupon is; who may make one may take it off the offer."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "applicable_plans":
            kwargs["queryset"] = Plan.objects.filter(is_active=True).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        made = create_coupon(draft=form.draft(), now=clock.now())
        form.instance.pk = made.pk
        form.instance.code = made.code

    def has_deactivate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("coupons.change_coupon"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.is_active

    @action(
        description=_("Take off the offer"),
        icon="block",
        permissions=["deactivate"],
        variant=ActionVariant.DANGER,
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have it redeemed no more, after a question."""
        coupon = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            deactivate_coupon(coupon_id=coupon.pk, now=clock.now())
            return gettext("The coupon %(code)s is off the offer.") % {"code": coupon.code}

        words = {
            "title": gettext("Take the coupon %(code)s off the offer?") % {"code": coupon.code},
            "question": gettext(
                "Nobody can redeem it any more, for ever. Who has redeemed it keeps what it gives: "
                "%(count)s so far."
            )
            % {"count": coupon.current_redemptions},
            "button": gettext("Take off the offer"),
            "tone": "bad",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)
