"""How the back office writes money, moments, labels and long values: safe HTML, exact digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils import formats, numberformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.kernel.decimals import format_decimal
from billing.kernel.money import MINOR_DIGITS, Money

NONE: Final = "–"

LABELS: Final[Mapping[str, tuple[Any, str]]] = {
    "INCOMPLETE": (_("Not begun"), "quiet"),
    "TRIALING": (_("Trial"), "info"),
    "ACTIVE": (_("Active"), "good"),
    "PAST_DUE": (_("Past due"), "warn"),
    "UNPAID": (_("Unpaid"), "bad"),
    "PAUSED": (_("Paused"), "quiet"),
    "CANCELLED": (_("Cancelled"), "quiet"),
    "DRAFT": (_("Draft"), "quiet"),
    "PENDING": (_("Pending"), "info"),
    "PARTIALLY_PAID": (_("Partly paid"), "warn"),
    "PAID": (_("Paid"), "good"),
    "OVERDUE": (_("Overdue"), "bad"),
    "VOID": (_("Void"), "struck"),
    "UNCOLLECTIBLE": (_("Uncollectible"), "bad"),
    "READY": (_("Ready"), "good"),
    "ADVANCING": (_("Advancing"), "info"),
    "FAILED": (_("Failed"), "bad"),
    "REQUESTED": (_("Requested"), "info"),
    "AWAITING": (_("Awaiting confirmation"), "info"),
    "ERASING": (_("Erasing"), "info"),
    "PARKED": (_("Parked"), "bad"),
    "DONE": (_("Done"), "good"),
    "WAITING": (_("Waiting"), "info"),
    "SENT": (_("Sent"), "good"),
    "HELD": (_("Held"), "quiet"),
    "DELIVERED": (_("Delivered"), "good"),
    "TRIGGERED": (_("Triggered"), "bad"),
    "DISMISSED": (_("Dismissed"), "quiet"),
    "KEPT": (_("Kept"), "quiet"),
    "ASKED": (_("Asked for"), "info"),
    "OPEN": (_("Open"), "info"),
    "PROCESSING": (_("Under way"), "info"),
    "DECLINED": (_("Declined"), "bad"),
    "CANCELED": (_("Canceled"), "struck"),
    "REFUSED": (_("Refused"), "bad"),
    "DUE": (_("Due"), "info"),
    "GIVEN_UP": (_("Given up"), "bad"),
    "CARRIED": (_("Carried over"), "quiet"),
    "NO_METHOD": (_("No card on file"), "warn"),
    "ENDED": (_("Ended"), "quiet"),
}
"""Each status that is shown: its words and its colour."""


def label(text: object, tone: str = "quiet") -> SafeString:
    """Write a coloured label; `tone` is quiet, info, good, warn, bad or struck."""
    return format_html('<span class="bo-label bo-{}">{}</span>', tone, text)


def status_label(status: str) -> SafeString:
    text, tone = LABELS.get(status, (status, "quiet"))
    return label(text, tone)


def number(value: Decimal | int | str) -> str:
    """Write a number with grouped digits; zeros after the point are dropped, others never."""
    text = format_decimal(Decimal(value))
    return _grouped(text)


def percent(value: Decimal | int | str) -> str:
    """Write a percentage as the language does: 19%, 19 %."""
    return (gettext("%(number)s%%") % {"number": number(value)}).replace(" ", "\N{NO-BREAK SPACE}")


def price(value: Decimal | str, currency: str) -> str:
    """Write a price in major units: all of its digits, and no fewer than the currency has."""
    whole, _point, fraction = format_decimal(Decimal(value)).partition(".")
    digits = MINOR_DIGITS[currency]
    fraction = fraction.ljust(digits, "0")
    return _grouped(f"{whole}.{fraction}" if fraction else whole)


def _grouped(text: str) -> str:
    return numberformat.format(
        text,
        decimal_sep=formats.get_format("DECIMAL_SEPARATOR"),
        grouping=formats.get_format("NUMBER_GROUPING"),
        thousand_sep=formats.get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
        use_l10n=True,
    )


def money(minor: int | None, currency: str) -> str:
    """Write an amount with exactly the currency's decimals, and the currency."""
    if minor is None:
        return NONE
    return f"{_grouped(Money(minor, currency).amount)}\N{NO-BREAK SPACE}{currency}"


def amount(minor: int, currency: str) -> str:
    """Write an amount where the currency stands beside the table."""
    return _grouped(Money(minor, currency).amount)


def moment(at: datetime | None, *, pattern: str = "%Y-%m-%d %H:%M") -> SafeString:
    """Write a moment in UTC, with the zone's name."""
    if at is None:
        return format_html("{}", NONE)
    text = f"{at.astimezone(UTC).strftime(pattern)}\N{NO-BREAK SPACE}UTC"
    return format_html(
        '<time datetime="{}" class="bo-time" title="{}">{}</time>',
        at.isoformat(),
        at.astimezone(UTC).isoformat(),
        text,
    )


def day(on: date | None) -> SafeString:
    text = NONE if on is None else f"{on:%Y-%m-%d}"
    return format_html('<span class="bo-time">{}</span>', text)


def stretch(start: datetime, end: datetime | None) -> SafeString:
    """Write a half-open stretch; days alone where both ends are midnights in UTC."""
    if end is not None and _is_midnight(start) and _is_midnight(end):
        text = f"{start.astimezone(UTC):%Y-%m-%d} – {end.astimezone(UTC):%Y-%m-%d} UTC"
        return format_html('<span class="bo-time">{}</span>', text)
    ends = moment(start), moment(end) if end else "…"
    return format_html('<span class="bo-stretch">{} – {}</span>', *ends)


def _is_midnight(at: datetime) -> bool:
    here = at.astimezone(UTC)
    return (here.hour, here.minute, here.second, here.microsecond) == (0, 0, 0, 0)


def document(value: Any) -> SafeString:
    """Write a JSON value readably, escaped."""
    if value in (None, {}, []):
        return format_html("{}", NONE)
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre class="bo-json">{}</pre>', text)


def link(to: str, text: object, *args: object) -> SafeString:
    """Link to a page of the back office by its URL name without `admin:`."""
    return anchor(reverse(f"admin:{to}", args=args), text)


def anchor(url: str, text: object, *, kind: str = "") -> SafeString:
    """Link to an address; `kind` is a class beside that of every link."""
    return format_html('<a class="{}" href="{}">{}</a>', f"bo-link {kind}".strip(), url, text)


def code(text: object) -> SafeString:
    return format_html('<code class="bo-code">{}</code>', text)


def account_name(account: Any) -> str:
    """Return the tenant's name of an account. The engine knows no tenants: its id without one."""
    tenant = getattr(account, "tenant", None)
    return str(tenant) if tenant is not None else str(account.pk)


def account_link(account: Any) -> SafeString:
    if getattr(account, "tenant", None) is None:
        return code(account.pk)
    page = reverse("admin:tenants_tenant_change", args=[account.pk])
    return anchor(page, account_name(account), kind="bo-name")
