"""The mirror in the back office: to read, with the way to Stripe's own page of each object."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from djstripe import models

from billing.admin.columns import Column, column, moment
from billing.admin.pages import ReadOnlyAdmin
from billing.admin.stripe_links import dashboard_url

# Where Stripe's dashboard shows them.
PAGES: Final = {
    models.Charge: "payments",
    models.Coupon: "coupons",
    models.Customer: "customers",
    models.Dispute: "disputes",
    models.Invoice: "invoices",
    models.PaymentIntent: "payments",
    models.Price: "prices",
    models.Product: "products",
    models.Refund: "refunds",
    models.Session: "checkout/sessions",
    models.Subscription: "subscriptions",
}


def _link(row: Any) -> Any:
    url = dashboard_url(PAGES[type(row)], row.id, livemode=bool(row.livemode))
    return format_html('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>', url, row.id)


def _state(row: Any) -> str:
    data = row.stripe_data
    if data.get("deleted"):
        return str(_("deleted"))
    if "status" in data:
        return str(data["status"] or "")
    active = data.get("active", data.get("valid"))
    return "" if active is None else str(_("active") if active else _("archived"))


def _name(row: Any) -> str:
    data = row.stripe_data
    names = ("name", "nickname", "email", "number", "description")
    return next((str(data[name]) for name in names if data.get(name)), "")


def _customer(row: Any) -> str:
    found = row.stripe_data.get("customer") or ""
    return str(found.get("id") if isinstance(found, dict) else found)


def _data(row: Any) -> Any:
    text = json.dumps(row.stripe_data, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)


LINK: Final[Column] = column("stripe_id", _("At Stripe"), _link, ordering="id")
LIST: Final[tuple[Column, ...]] = (
    column("stripe_name", _("Name"), _name),
    column("stripe_state", _("State"), _state),
    column("stripe_customer", _("Customer"), _customer),
    moment("created", _("Created")),
    moment("djstripe_updated", _("Mirrored")),
    LINK,
)


class MirrorAdmin(ReadOnlyAdmin):
    """A kind of object: its page has all that Stripe said of it."""

    list_display = ("id", *LIST)
    list_filter = ("livemode",)
    search_fields = ("id__exact", "stripe_data__customer__iexact", "stripe_data__email__iexact")
    ordering = ("-created",)
    show_full_result_count = False
    detail = (*LIST, column("stripe_data", _("As Stripe said it"), _data))


admin.site.register(list(PAGES), MirrorAdmin)
