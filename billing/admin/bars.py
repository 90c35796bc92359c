"""A share as a bar with its number."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from billing.admin import formatting


def share_bar(percent: int, tone: str) -> SafeString:
    """Draw how much of a hundred is used: good, warn or bad. The bar ends at 0 and at 100."""
    return format_html(
        '<span class="bo-share"><span class="bo-share-track" role="img" aria-label="{label}">'
        '<span class="bo-share-{tone}" style="width: {width}%"></span></span>'
        '<span class="bo-share-text">{shown}</span></span>',
        label=gettext("%(percent)s of 100 used") % {"percent": percent},
        tone=tone,
        width=max(0, min(100, percent)),
        shown=formatting.percent(percent),
    )
