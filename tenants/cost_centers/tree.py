"""The tree of cost centers, by ids alone: what is below what, and how deep."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Final, TypeVar

Key = TypeVar("Key", bound=Hashable)

DEEPEST: Final = 16
MOST: Final = 1_000


def line_of(key: Key, parents: Mapping[Key, Key | None]) -> Iterator[Key]:
    """Yield a center and those above it, upwards. Ends also where the parents go in a circle."""
    seen: set[Key] = set()
    at: Key | None = key
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = parents.get(at)


def children_of(parents: Mapping[Key, Key | None]) -> dict[Key | None, list[Key]]:
    """Return the centers below each, in the order given; under None the topmost."""
    children: dict[Key | None, list[Key]] = {}
    for key, parent in parents.items():
        children.setdefault(parent, []).append(key)
    return children


def height_of(key: Key, parents: Mapping[Key, Key | None]) -> int:
    """Return how many levels there are from a center downwards, itself included."""
    children = children_of(parents)
    level, height = [key], 0
    while level and height <= len(parents):
        height += 1
        level = [child for one in level for child in children.get(one, ())]
    return height


def problem_of(key: Key, parent: Key, parents: Mapping[Key, Key | None]) -> str | None:
    """Say why `key` can't hang below `parent`; None where it can."""
    above = list(line_of(parent, parents))
    if key in above:
        return "must not be the cost center itself or one below it"
    if len(above) + height_of(key, parents) > DEEPEST:
        return f"would make the tree deeper than {DEEPEST} levels"
    return None
