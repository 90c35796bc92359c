"""How good estimates are: on real traces, and on made days with weekends and growth."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean

import pytest

from costs.projecting import Ahead, project_sum

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guide" / "costs.md"
NOW = datetime(2025, 4, 7, tzinfo=UTC)
LENGTH = 28
AT = (7, 14, 21)
WEEK = (100, 104, 98, 101, 95, 30, 22)


def minutes(name: str) -> list[int]:
    """Return the tokens of each whole minute of a trace."""
    sums: dict[str, int] = {}
    path = ROOT / "demo" / "data" / f"azure_llm_inference_2023_{name}.csv.gz"
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            minute = row["TIMESTAMP"][:16]
            tokens = int(row["ContextTokens"]) + int(row["GeneratedTokens"])
            sums[minute] = sums.get(minute, 0) + tokens
    return [sums[minute] for minute in sorted(sums)][1:-1]


def made(growth: float, noise: float) -> list[int]:
    """Return 26 weeks of days with weekends, so much growth a week and so much noise."""
    random = Random(7)
    return [
        round(WEEK[day % 7] * 10 * (1 + growth) ** (day / 7) * random.lognormvariate(0, noise))
        for day in range(26 * 7)
    ]


SERIES = {
    "real: coding": lambda: minutes("code"),
    "real: conversation": lambda: minutes("conv"),
    "made: weekends": lambda: made(0.0, 0.15),
    "made: weekends, 3 % growth a week": lambda: made(0.03, 0.15),
}


def trials(days: Sequence[int], at: int, *, earlier: int) -> Iterator[tuple[float, bool]]:
    """Estimate each period that fits, at so many of its days; yield (error, was in the range).

    `earlier` days before the period are known, as far as there are so many.
    """
    for start in range(0, len(days) - LENGTH + 1, 1 if len(days) < 100 else 5):
        known = range(max(0, start - earlier), start + at)
        ahead: dict[int, Decimal] = {}
        for day in range(start + at, start + LENGTH):
            ahead[day % 7] = ahead.get(day % 7, Decimal(0)) + 1
        found = project_sum(
            Decimal(sum(days[start : start + at])),
            [(day % 7, Decimal(days[day])) for day in known],
            Ahead(by_weekday=ahead, elapsed=Decimal(at), now=NOW, today=NOW.date()),
        )
        end = sum(days[start : start + LENGTH])
        yield abs(float(found.projected) - end) / end * 100, found.low <= end <= found.high


def row(name: str) -> str:
    """Return the row of the guide's table: mean error and how often the range held, at each day."""
    days = SERIES[name]()
    cells = []
    for at in AT:
        errors, held = zip(*trials(days, at, earlier=28), strict=True)
        cells.append(f"{fmean(errors):.1f} % · {round(100 * sum(held) / len(held))} of 100")
    return f"| {name} | {' | '.join(cells)} |"


@pytest.mark.parametrize("name", SERIES)
def test_the_guide_has_the_errors_that_the_estimates_have(name: str) -> None:
    assert row(name) in PAGE.read_text()


def test_later_estimates_are_better_on_made_days_and_hold_their_range() -> None:
    for name in ("made: weekends", "made: weekends, 3 % growth a week"):
        errors = [float(cell) for cell in re.findall(r"([\d.]+) %  ?·", row(name))]
        assert all(later <= earlier for earlier, later in pairwise(errors))
        assert errors[1] < 6
