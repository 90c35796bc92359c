"""What stands at the left of every page of the back office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may_view(permission: str) -> Callable[[HttpRequest], bool]:
    def may(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return may


def _page(title: Any, icon: str, model: str) -> dict[str, Any]:
    """Link a model's list, for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may_view(f"{app}.view_{name}"),
    }


def _group(title: Any, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


NAVIGATION: Final[list[dict[str, Any]]] = [
    {
        "items": [
            {"title": _("Overview"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
        ]
    },
    _group(
        _("Customers"),
        _page(_("Tenants"), "apartment", "tenants.tenant"),
        _page(_("Customers"), "groups", "customers.customer"),
        _page(_("Deletions"), "person_remove", "customers.customerdeletion"),
    ),
    _group(
        _("Catalogue"),
        _page(_("Plans"), "sell", "billing.plan"),
        _page(_("Plan versions"), "layers", "billing.planversion"),
        _page(_("Meters"), "speed", "billing.meter"),
        _page(_("Coupons"), "confirmation_number", "coupons.coupon"),
        _page(_("Quotas"), "production_quantity_limits", "billing.usagequota"),
    ),
    _group(
        _("Billing"),
        _page(_("Subscriptions"), "autorenew", "billing.subscription"),
        _page(_("Invoices"), "receipt_long", "invoicing.invoice"),
        _page(_("Credit notes"), "undo", "invoicing.creditnote"),
        _page(_("Dunning"), "notifications_active", "invoicing.dunningstep"),
        _page(_("Tax rates"), "percent", "invoicing.taxrate"),
        _page(_("Tax exemptions"), "money_off", "invoicing.taxexemption"),
    ),
    _group(
        _("Stripe"),
        _page(_("Events of Stripe's"), "inbox", "paying.stripeevent"),
        _page(_("Collections"), "credit_card", "paying.collection"),
        _page(_("Payments asked for"), "contactless", "paying.intent"),
        _page(_("Receipts"), "payments", "paying.receipt"),
        _page(_("Who asks for money"), "tune", "paying.profile"),
        _page(_("Objects at Stripe"), "sync", "paying.stripething"),
        _page(_("Comparisons"), "compare_arrows", "paying.reconciliation"),
    ),
    _group(
        _("Usage"),
        {
            "title": _("Events"),
            "icon": "monitoring",
            "link": reverse_lazy("back-office-usage"),
            "permission": _may_view("billing.view_usageevent"),
        },
    ),
    _group(
        _("Events"),
        _page(_("Alerts"), "notification_important", "alerts.alert"),
        _page(_("Webhooks"), "webhook", "webhooks.webhookendpoint"),
        _page(_("Deliveries"), "send", "webhooks.webhookdelivery"),
    ),
    _group(
        _("System"),
        _page(_("Outbox"), "mail", "invoicing.mail"),
        _page(_("Parked accounts"), "block", "invoicing.parkedaccount"),
        _page(_("Audit log"), "history", "billing.auditentry"),
        _page(_("API keys"), "key", "billing.apikey"),
        _page(_("Test clocks"), "schedule", "billing.testclock"),
        _page(_("Staff"), "badge", "auth.user"),
        _page(_("Groups"), "shield_person", "auth.group"),
    ),
]


MIRROR: Final = _group(
    _("Mirror of Stripe"),
    _page(_("Customers"), "groups", "djstripe.customer"),
    _page(_("Products"), "inventory_2", "djstripe.product"),
    _page(_("Prices"), "sell", "djstripe.price"),
    _page(_("Coupons"), "local_activity", "djstripe.coupon"),
    _page(_("Subscriptions"), "autorenew", "djstripe.subscription"),
    _page(_("Checkouts"), "shopping_cart_checkout", "djstripe.session"),
    _page(_("Invoices"), "receipt_long", "djstripe.invoice"),
    _page(_("Payments"), "payments", "djstripe.paymentintent"),
    _page(_("Charges"), "credit_card", "djstripe.charge"),
    _page(_("Refunds"), "undo", "djstripe.refund"),
    _page(_("Disputes"), "gavel", "djstripe.dispute"),
)


def with_mirror(back_office: dict[str, Any]) -> dict[str, Any]:
    """Return it with the mirror's pages, before those of the system."""
    sidebar = back_office["SIDEBAR"]
    *above, system = sidebar["navigation"]
    return {**back_office, "SIDEBAR": {**sidebar, "navigation": [*above, MIRROR, system]}}


def styles(_request: HttpRequest) -> str:
    return static("billing/back_office.css")


def scripts(_request: HttpRequest) -> str:
    return static("billing/back_office.js")


def icon(_request: HttpRequest) -> str:
    return static("billing/icon.svg")


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": _("Billing"),
    "SITE_HEADER": _("Billing"),
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "receipt_long",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": icon}],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "DASHBOARD_CALLBACK": "config.back_office.dashboard.overview",
    "STYLES": [styles],
    "SCRIPTS": [scripts],
    "SIDEBAR": {"show_search": False, "navigation": NAVIGATION},
    "COLORS": {
        "primary": {
            "50": "oklch(98% .012 180)",
            "100": "oklch(95% .03 180)",
            "200": "oklch(90% .06 180)",
            "300": "oklch(83% .09 181)",
            "400": "oklch(74% .105 182)",
            "500": "oklch(60% .1 184)",
            "600": "oklch(51% .088 186)",
            "700": "oklch(44% .075 187)",
            "800": "oklch(38% .062 188)",
            "900": "oklch(33% .05 189)",
            "950": "oklch(24% .04 190)",
        }
    },
}
