"""What a tenant's page shows of its limits: how much of each is used, as a number and a bar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.bars import share_bar
from billing.admin.panels import Panel, account_panel
from billing.kernel import clock
from billing.models import Account
from quotas.consuming import UNLIMITED
from quotas.queries import Use, quota_uses, rate_uses
from quotas.tiers import Limit, Tier, tier_of
from quotas.valkey import Unavailable

WINDOWS: Final = {
    "minute": _("a minute"),
    "hour": _("an hour"),
    "day": _("a day"),
    "month": _("a month"),
    "": _("at a time"),
}
NEARLY: Final = 80


@account_panel
def limits_panel(account: Account) -> Panel:
    """The limits of the tenant's tier. Without Valkey: the standing quotas alone, and why."""
    tier = tier_of(account.pk)
    note, uses = "", list[Use]()
    if tier is not None:
        uses = quota_uses(account.pk, tier)
        try:
            uses = [*rate_uses(str(account.pk), tier, now=clock.now_for(account)), *uses]
        except Unavailable:
            note = gettext("Valkey does not answer, so rates are left out.")
    return Panel(
        title=_title(tier, note),
        headers=[_("Service"), _("Feature"), _("Used"), _("Limit"), _("Share"), _("Resets")],
        rows=[_row(use) for use in sorted(uses, key=_place)],
        right=frozenset({2, 3}),
        is_wide=True,
        empty=_("The tenant's plan sets no limits."),
    )


def _title(tier: Tier | None, note: str) -> Any:
    if tier is None or not note:
        return _("Limits")
    return format_html('{} <span class="bo-muted">{}</span>', _("Limits"), note)


def _place(use: Use) -> tuple[str, str]:
    return use.limit.service_name, use.limit.feature_key


def _row(use: Use) -> list[Any]:
    limit = use.limit
    return [
        limit.service_name,
        _feature(limit.feature_key, limit.description),
        formatting.number(use.used),
        _value(limit),
        bar(use),
        formatting.moment(datetime.fromtimestamp(use.reset_at, UTC))
        if use.reset_at
        else _("Never"),
    ]


def _feature(key: str, description: str) -> SafeString:
    if not description:
        return formatting.code(key)
    shown = formatting.code(key), description
    return format_html('<span>{}<br><span class="bo-muted">{}</span></span>', *shown)


def _value(limit: Limit) -> Any:
    if limit.value == UNLIMITED:
        return _("Unlimited")
    return format_html("{} {}", formatting.number(limit.value), WINDOWS[limit.window])


def bar(use: Use) -> SafeString:
    """Draw how much is used; words for what has no share: unlimited, disabled."""
    limit = use.limit.value
    if limit == UNLIMITED:
        return formatting.label(_("No limit"), "quiet")
    if limit == 0:
        return formatting.label(_("Disabled"), "quiet")
    percent = min(100, use.used * 100 // limit)
    tone = "bad" if use.is_locked else "warn" if percent >= NEARLY else "good"
    return share_bar(percent, tone)
