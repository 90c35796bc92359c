"""A charge's filter: which events it takes, by properties of their metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from billing.pricing import Problem

MAX_PROPERTIES: Final = 10
MAX_LENGTH: Final = 255


def filter_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with a filter; fields are named from the charge on (`filter.model`)."""
    if len(properties) > MAX_PROPERTIES:
        yield Problem("filter", f"must have at most {MAX_PROPERTIES} properties")
        return
    for name, value in properties.items():
        field = f"filter.{name}"[:MAX_LENGTH]
        if not 1 <= len(name) <= MAX_LENGTH:
            yield Problem(field, f"must have a name of 1 to {MAX_LENGTH} characters")
        if isinstance(value, str):
            if len(value) > MAX_LENGTH:
                yield Problem(field, f"must have at most {MAX_LENGTH} characters")
        elif not isinstance(value, bool | int | Decimal | float):
            yield Problem(field, "must be a string, a number, true or false")
        elif stored_number(value) is None:
            yield Problem(field, "must be a number of at most 15 digits")


def stored_number(value: float | Decimal) -> float | None:
    """Return a number as JSONB and Python keep it without loss; None where they can't.

    1.0 and 1 are one number of JSON, so both are kept as 1. No money passes here: a filter's
    numbers are only compared.
    """
    if isinstance(value, bool):
        return value
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if exact == exact.to_integral_value():
        return int(exact) if abs(exact) < 10**15 else None
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else None


def stored_filter(properties: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a valid filter as it is stored; an empty one is none."""
    if not properties:
        return None
    return {
        name: value if isinstance(value, str) else stored_number(value)
        for name, value in properties.items()
    }


def identity(properties: Mapping[str, Any] | None) -> str:
    """Return a text that two filters share exactly when they ask for the same."""
    return json.dumps(stored_filter(properties) or {}, sort_keys=True)
