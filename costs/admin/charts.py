"""Small charts as HTML and SVG of our own: nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def bars(values: Sequence[tuple[int, Any]], *, label: Any, axis: tuple[Any, Any]) -> SafeString:
    """Draw a bar for each value, the highest over the whole height. Each has a text of its own."""
    most = max((value for value, _ in values), default=0)
    drawn = format_html_join(
        "",
        '<span class="bo-bar" title="{}"><span style="height: {}%"></span></span>',
        ((said, _share(value, most)) for value, said in values),
    )
    return format_html(
        '<div class="bo-bars" role="img" aria-label="{}">{}</div>'
        '<div class="bo-axis"><span>{}</span><span>{}</span></div>',
        label,
        drawn,
        *axis,
    )


def line(values: Sequence[int], *, label: Any) -> SafeString:
    """Draw values as a small line, the lowest (or nothing) at the bottom."""
    most = max([*values, 1])
    step = 100 // max(1, len(values) - 1) if len(values) > 1 else 100
    points = " ".join(
        f"{place * step},{24 - 22 * max(0, value) // most}" for place, value in enumerate(values)
    )
    width = max(1, (len(values) - 1) * step)
    return format_html(
        '<svg class="bo-spark" viewBox="0 0 {} 26" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><polyline points="{}"/></svg>',
        width,
        label,
        points,
    )


def _share(value: int, most: int) -> int:
    return max(0, value) * 100 // most if most > 0 else 0
