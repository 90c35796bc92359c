"""PDFs from one kept process against a process started for each: `bin/bench pdf`.

An invoice of 20 lines. The ratio is of processor time, all processes together; rounds alternate.
"""

from __future__ import annotations

import os
import resource
import statistics
from typing import Final

from invoicing.pdf.renderer import Renderer

PAGES: Final = int(os.environ.get("BENCH_PDF_PAGES", "20"))
ROUNDS: Final = 3
TARGET: Final = 0.5

ROWS: Final = "".join(
    f"<tr><th scope='row'>Resource {number}<td>{number * 7}<td>{number}.50" for number in range(20)
)
PAGE: Final = (
    "<!doctype html><html lang='en'><head><title>Invoice</title><style>body{font-family:Inter}"
    f"</style></head><body><h1>Invoice</h1><table>{ROWS}</table></body></html>"
)


def processor_seconds(*, kept: bool) -> float:
    """Return the processor time of all of our children for one page."""
    before = _of_children()
    renderer = Renderer()
    for _ in range(PAGES):
        ended = renderer.make(PAGE.encode(), epoch=0, timeout_seconds=120)
        assert ended.written.startswith(b"%PDF-"), ended.said
        if not kept:
            renderer.close()
    renderer.close()
    return (_of_children() - before) / PAGES


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    ratios = []
    for _ in range(ROUNDS):
        alone, kept = processor_seconds(kept=False), processor_seconds(kept=True)
        ratios.append(kept / alone)
        print(f"kept {kept:.2f} s a page, started for each {alone:.2f} s: {ratios[-1]:.2f}")
    print(f"pdf: {statistics.median(ratios):.2f} of a process for each (target {TARGET})")


if __name__ == "__main__":
    main()
