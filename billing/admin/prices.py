"""How the back office shows prices: a charge's terms in words and small tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.admin.formatting import money, number, percent, price
from billing.models import Charge, PlanVersion

INTERVALS = {
    "DAY": gettext_lazy("day"),
    "WEEK": gettext_lazy("week"),
    "MONTH": gettext_lazy("month"),
    "QUARTER": gettext_lazy("quarter"),
    "YEAR": gettext_lazy("year"),
}
MODELS = {
    "PER_UNIT": gettext_lazy("Per unit"),
    "PACKAGE": gettext_lazy("Package"),
    "GRADUATED": gettext_lazy("Graduated"),
    "VOLUME": gettext_lazy("Volume"),
    "PERCENTAGE": gettext_lazy("Percentage"),
    "STAIRCASE": gettext_lazy("Staircase"),
}


def fee(price_minor: int | None, currency: str | None, interval: str | None) -> str:
    """Write a plan's fee: 49.00 USD / month."""
    if price_minor is None or currency is None or interval is None:
        return "–"
    return f"{money(price_minor, currency)} / {INTERVALS.get(interval, interval)}"


def rate(value: Decimal | str | None, currency: str) -> str:
    """Write a price per unit with all of its digits, in major units."""
    return "–" if value is None else f"{price(value, currency)}\N{NO-BREAK SPACE}{currency}"


def terms(charge: Charge) -> SafeString:
    """Write what a charge costs: one line, or its tiers as a table."""
    currency = charge.plan_version.currency
    if charge.tiers is not None:
        return tiers(charge.tiers, currency)
    if charge.model == "PER_UNIT":
        text = _("%(price)s each") % {"price": rate(charge.unit_price, currency)}
    elif charge.model == "PACKAGE":
        text = _("%(price)s per %(size)s") % {
            "price": rate(charge.package_price, currency),
            "size": number(charge.package_size or 0),
        }
    else:
        text = percent(charge.rate or 0)
        if charge.fixed_fee:
            text += _(" + %(fee)s for each event") % {"fee": rate(charge.fixed_fee, currency)}
    return format_html("{}", text)


def tiers(rows: list[dict[str, Any]], currency: str) -> SafeString:
    """Write tiers as a table: from, to, price of a unit, flat fee."""
    shown = []
    floor = "0"
    for tier in rows:
        shown.append(
            {
                "from": number(floor),
                "to": "∞" if tier["upTo"] is None else number(tier["upTo"]),
                "unit_price": rate(tier.get("unitPrice"), currency),
                "flat_fee": rate(tier.get("flatFee"), currency),
            }
        )
        floor = tier["upTo"] or floor
    context = {
        "tiers": shown,
        "has_unit_prices": any(tier.get("unitPrice") is not None for tier in rows),
        "has_flat_fees": any(tier.get("flatFee") is not None for tier in rows),
    }
    return render_to_string("admin/billing/tiers.html", context)


def bounds(charge: Charge) -> str:
    """Write what is included, and the least and the most that the charge may come to."""
    currency = charge.plan_version.currency
    parts = []
    if charge.included_quantity:
        parts.append(_("%(quantity)s included") % {"quantity": number(charge.included_quantity)})
    if charge.minimum_minor is not None:
        parts.append(_("at least %(amount)s") % {"amount": money(charge.minimum_minor, currency)})
    if charge.maximum_minor is not None:
        parts.append(_("at most %(amount)s") % {"amount": money(charge.maximum_minor, currency)})
    if charge.filter:
        properties = ", ".join(f"{name} = {value}" for name, value in charge.filter.items())
        parts.append(_("where %(properties)s") % {"properties": properties})
    return "; ".join(parts) or "–"


def conditions(version: PlanVersion) -> str:
    """Write when the fee is asked for, the trial and the commitment."""
    parts = [_("in advance") if version.pay_in_advance else _("in arrears")]
    if version.trial_days:
        parts.append(
            ngettext("%(days)d day of trial", "%(days)d days of trial", version.trial_days)
            % {"days": version.trial_days}
        )
    if version.minimum_commitment_minor:
        least = money(version.minimum_commitment_minor, version.currency)
        parts.append(_("commitment %(amount)s") % {"amount": least})
    return ", ".join(parts)
