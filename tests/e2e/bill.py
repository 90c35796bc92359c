"""An independent bill of the traces: from the files, with fractions, sharing no code with us."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

TIERS = ((Fraction(5_000_000), Fraction("0.0000030")), (None, Fraction("0.0000025")))
PACKAGE = (Fraction(100_000), Fraction("1.50"))
REQUEST = Fraction("0.0004")
FEE = Fraction(49)


@dataclass
class Request:
    """One request of the traces."""

    at: datetime
    tokens_in: int
    tokens_out: int


def traces(path: Path) -> list[Request]:
    """Read a trace; its times are UTC with seven decimals, of which we keep six."""
    with gzip.open(path, "rt", newline="") as file:
        rows = csv.DictReader(file)
        return [
            Request(
                at=datetime.fromisoformat(row["TIMESTAMP"][:26]),
                tokens_in=int(row["ContextTokens"]),
                tokens_out=int(row["GeneratedTokens"]),
            )
            for row in rows
        ]


def moved(requests: list[Request], *, last: datetime) -> list[Request]:
    """Move a trace so that its last request is at `last`."""
    shift: timedelta = last - max(request.at for request in requests)
    return [Request(r.at + shift, r.tokens_in, r.tokens_out) for r in requests]


def cents(amount: Fraction) -> int:
    """Round half away from zero."""
    scaled = abs(amount) * 100
    whole = int(scaled)
    whole += scaled - whole >= Fraction(1, 2)
    return whole if amount >= 0 else -whole


def bill(requests: list[Request]) -> dict[str, int]:
    """Return the lines in cents: graduated input tokens, packages of output tokens, requests."""
    tokens_in = Fraction(sum(r.tokens_in for r in requests))
    tokens_out = Fraction(sum(r.tokens_out for r in requests))
    first = min(tokens_in, TIERS[0][0] or tokens_in)
    packages = -(-tokens_out // PACKAGE[0])
    return {
        "PLAN": cents(FEE),
        "INPUT_TOKENS": cents(first * TIERS[0][1] + (tokens_in - first) * TIERS[1][1]),
        "OUTPUT_TOKENS": cents(packages * PACKAGE[1]),
        "ML_INFERENCE_REQUESTS": cents(len(requests) * REQUEST),
    }
