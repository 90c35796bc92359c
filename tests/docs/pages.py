"""A page as a script: its blocks of bash, and what each shall print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT: Final = "…"
MASKS: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<date>"),
    (re.compile(r"\bINV-\d{4}-"), "INV-<year>-"),
)


@dataclass(frozen=True)
class Step:
    """A block of bash with what it prints: parsed JSON, text, or None where the page shows none."""

    script: str
    kind: str
    printed: str


def steps_of(page: Path) -> Iterator[Step]:
    """Yield the page's steps. `console` blocks are for people: they stand for what is there."""
    blocks = [found for found in BLOCK.findall(page.read_text()) if found[0] != "mermaid"]
    for (kind, script), (next_kind, shown) in pairwise([*blocks, ("", "")]):
        if kind == "bash":
            is_output = next_kind in {"json", "text"}
            yield Step(script, next_kind if is_output else "", shown if is_output else "")


def masked(text: str) -> str:
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text.strip()


def comparable(kind: str, text: str) -> Any:
    """Return what two runs of a step have in common: all but ids, times and the layout of JSON."""
    return json.loads(masked(text)) if kind == "json" else masked(text)


def told(seen: Any, shown: Any) -> Any:
    """Return what was seen without what the page leaves out: one with "…" tells a part."""
    if isinstance(shown, dict) and isinstance(seen, dict):
        names = (seen.keys() & shown.keys()) if LEFT_OUT in shown else seen.keys()
        rest = {LEFT_OUT: LEFT_OUT} if LEFT_OUT in shown else {}
        return {name: told(seen[name], shown.get(name)) for name in names} | rest
    if isinstance(shown, list) and isinstance(seen, list) and len(shown) == len(seen):
        return [told(one, like) for one, like in zip(seen, shown, strict=True)]
    return seen
