"""Pictures of the figures in docs/measured: `.venv/bin/python -m benchmarks.pictures`.

`bin/bench growth --save docs/measured/growth.csv` and `bin/bench sustained --save …/sustained.csv`
make the figures. Plain SVG, so that a test can tell whether the pictures are theirs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
IMAGES = DOCS / "images"
WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#be185d", "#4b5563")

Points = Sequence[tuple[float, float]]
Place = Callable[[float], float]


def text(x: float, y: float, said: str, *, anchor: str = "start", colour: str = "#374151") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{said}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}"{dashed}/>'


def curve(points: Points, x: Place, y: Place, colour: str) -> list[str]:
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    dots = [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in points]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def chart(
    title: str, curves: dict[str, Points], x: Place, y: Place, marks: Sequence[str], said: str
) -> str:
    """Return an SVG of curves with a legend; `marks` are the axes, `said` describes it in words."""
    parts = [text(LEFT, 22, title, colour="#111827"), *marks]
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += curve(points, x, y, colour)
        parts.append(text(WIDTH - RIGHT + 20, TOP + 16 * number + 8, name, colour=colour))
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{said}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{inside}\n</svg>\n'
    )


def rows(name: str) -> list[dict[str, str]]:
    with (DOCS / "measured" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def in_millions(number: float) -> str:
    return f"{number / 1e6:g} M" if number >= 1e5 else f"{number:,.0f}"


def growth() -> str:
    """Draw each read's time as a multiple of the time that it takes with 10,000 events."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows("growth.csv"):
        ratio = float(row["large_ms"]) / float(row["small_ms"])
        curves.setdefault(row["read"], [(10_000, 1.0)]).append((float(row["events"]), ratio))
    most = max(events for points in curves.values() for events, _ in points)

    def x(events: float) -> float:
        return LEFT + math.log10(events / 10_000) / math.log10(most / 10_000) * (
            WIDTH - LEFT - RIGHT
        )

    def y(ratio: float) -> float:
        return HEIGHT - BOTTOM - ratio / 2 * (HEIGHT - TOP - BOTTOM)

    marks = [line(LEFT, y(v), WIDTH - RIGHT, y(v), "#e5e7eb") for v in (0, 0.5, 1, 1.5, 2)]
    marks += [text(LEFT - 8, y(v) + 4, f"{v:g}", anchor="end") for v in (0, 0.5, 1, 1.5, 2)]
    marks.append(line(LEFT, y(1.5), WIDTH - RIGHT, y(1.5), "#9ca3af", "6 4"))
    step = 10_000.0
    while step <= most:
        marks.append(text(x(step), HEIGHT - BOTTOM + 20, in_millions(step), anchor="middle"))
        step *= 10
    marks.append(text(LEFT, HEIGHT - 10, "events of the tenant; dashed: the most that it may be"))
    return chart(
        "Time of a read, as a multiple of that with 10,000 events",
        dict(curves),
        x,
        y,
        marks,
        "Reads take as long with many events as with few",
    )


def sustained() -> str:
    """Draw the events a second of each part of a long run."""
    found = [(float(row["events"]), float(row["per_second"])) for row in rows("sustained.csv")]
    most, best = found[-1][0], max(rate for _, rate in found)
    top = math.ceil(best / 5_000) * 5_000

    def x(events: float) -> float:
        return LEFT + events / most * (WIDTH - LEFT - RIGHT)

    def y(rate: float) -> float:
        return HEIGHT - BOTTOM - rate / top * (HEIGHT - TOP - BOTTOM)

    ticks = [top * part / 4 for part in range(5)]
    marks = [line(LEFT, y(v), WIDTH - RIGHT, y(v), "#e5e7eb") for v in ticks]
    marks += [text(LEFT - 8, y(v) + 4, f"{v:,.0f}", anchor="end") for v in ticks]
    marks.append(
        line(LEFT, y(found[0][1] * 0.8), WIDTH - RIGHT, y(found[0][1] * 0.8), "#9ca3af", "6 4")
    )
    marks += [
        text(
            x(most * part / 5), HEIGHT - BOTTOM + 20, in_millions(most * part / 5), anchor="middle"
        )
        for part in range(6)
    ]
    marks.append(text(LEFT, HEIGHT - 10, "events recorded; dashed: 0.8 of the first part"))
    return chart(
        "Events a second, in batches of 5,000",
        {"events/s": found},
        x,
        y,
        marks,
        "Events a second stay about the same while the table grows",
    )


PICTURES = {"growth.svg": growth, "sustained.svg": sustained}
