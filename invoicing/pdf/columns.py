"""How wide the number columns are: as wide as their longest number, so that none is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from invoicing.pdf.presentation import PrintedLine

# All in thousandths of the table's font size (em); the digits of the font are 631 wide.
DIGIT: Final = 640
PADDING: Final = 1_700
LEAST: Final = {"quantity": 6_500, "unit_price": 7_500, "tax": 4_500, "amount": 8_500}
COMFORT: Final = 34_000  # what the numbers may take before the type gets smaller
NORMAL_SIZE: Final = 850  # hundredths of a point
SMALL_SIZE: Final = 550
WIDEST: Final = 39_500  # hundredths of a point: the rest of the line is the description's


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths and the table's font size, as CSS lengths."""

    quantity: str
    unit_price: str
    tax: str
    amount: str
    font_size: str


def columns_for(lines: Iterable[PrintedLine], *, with_tax: bool) -> Columns:
    longest = dict.fromkeys(LEAST, 0)
    for line in lines:
        for row in (line, *line.parts):
            for name in ("quantity", "unit_price", "amount"):
                longest[name] = max(longest[name], len(getattr(row, name)))
        longest["tax"] = max(longest["tax"], len(line.tax))
    widths = {name: max(LEAST[name], longest[name] * DIGIT + PADDING) for name in LEAST}
    if not with_tax:
        widths["tax"] = 0
    lengths = {name: f"{width // 1000}.{width % 1000:03d}em" for name, width in widths.items()}
    size = _font_size(sum(widths.values()))
    return Columns(**lengths, font_size=f"{size // 100}.{size % 100:02d}pt")


def _font_size(taken: int) -> int:
    """Choose the type's size: normal, or smaller so that the description keeps its room."""
    if taken <= COMFORT:
        return NORMAL_SIZE
    return max(NORMAL_SIZE * COMFORT // taken, min(SMALL_SIZE, WIDEST * 1000 // taken))
