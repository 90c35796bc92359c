"""Pages of lists, and Stripe's search language as far as we ask in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.stripe_sandbox.calls import Call
from tests.stripe_sandbox.errors import missing_argument, wrong

MOST: Final = 100
CLAUSE: Final = re.compile(
    r"""\s*(-?)(\w+)(?:\[["']([^"']+)["']\])?\s*(:|~|>=|<=|>|<)\s*(?:"([^"]*)"|'([^']*)'|([\w.]+))\s*"""
)
PLAIN_FILTERS: Final = (
    *("customer", "status", "active", "type", "product", "currency", "email", "subscription"),
    *("payment_intent", "charge", "invoice", "collection_method", "code", "price", "test_clock"),
)


def page(call: Call, rows: Iterable[dict[str, Any]], *filters: str) -> dict[str, Any]:
    """Answer with a part of the rows, which come newest first."""
    given = call.given
    kept = [row for row in rows if fits(row, given, filters)]
    limit = given.get("limit", 10)
    if not 1 <= limit <= MOST:
        raise wrong(f"Invalid integer: limit must be from 1 to {MOST}", "limit")
    ids = [row["id"] for row in kept]
    if "ending_before" in given:
        end = position(ids, given["ending_before"], "ending_before")
        part, more = kept[max(0, end - limit) : end], end > limit
    else:
        after = given.get("starting_after")
        start = position(ids, after, "starting_after") + 1 if after else 0
        part, more = kept[start : start + limit], len(kept) > start + limit
    return {"object": "list", "data": part, "has_more": more, "url": call.path}


def position(ids: list[str], name: str, param: str) -> int:
    if name not in ids:
        raise missing_argument("object", name, param)
    return ids.index(name)


def fits(row: Mapping[str, Any], given: Mapping[str, Any], filters: tuple[str, ...]) -> bool:
    for name in filters or PLAIN_FILTERS:
        if name in given and given[name] not in {"all", row.get(name)}:
            return False
    if "created" not in given:
        return True
    wanted = given["created"]
    if isinstance(wanted, int):
        return bool(row["created"] == wanted)
    return all(compare(row["created"], sign, value) for sign, value in wanted.items())


def compare(left: Any, sign: str, right: Any) -> bool:
    return bool(
        {
            "gt": left > right,
            "gte": left >= right,
            "lt": left < right,
            "lte": left <= right,
        }[sign]
    )


def search(call: Call, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Answer a search. What is younger than the world's search lag is not found yet."""
    clauses, joined_by_or = parsed(call.given["query"])
    seen_until = call.world.now() - call.world.search_lag
    judge = any if joined_by_or else all
    kept = [
        row
        for row in rows
        if row["created"] <= seen_until or not call.world.search_lag
        if judge(matches(row, clause) for clause in clauses)
    ]
    start, limit = int(call.given.get("page") or 0), call.given.get("limit", 10)
    more = len(kept) > start + limit
    return {
        "object": "search_result",
        "data": kept[start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": call.path,
    }


def parsed(query: str) -> tuple[list[tuple[Any, ...]], bool]:
    clauses, at, joins = [], 0, set()
    while at < len(query):
        found = CLAUSE.match(query, at)
        if found is None:
            raise wrong(f"We were unable to parse your search query: {query}", "query")
        clauses.append(found.groups())
        at = found.end()
        join = re.compile(r"(AND|OR)\b|$").match(query, at)
        if join is None:
            raise wrong(f"We were unable to parse your search query: {query}", "query")
        joins |= {join.group(1)} - {None}
        at = join.end() if join.group(1) else len(query)
    if not clauses or len(joins) > 1:
        raise wrong("A search query has clauses joined by AND, or by OR, not by both.", "query")
    return clauses, joins == {"OR"}


def matches(row: Mapping[str, Any], clause: tuple[Any, ...]) -> bool:
    negated, name, key, sign, *values = clause
    wanted = next(value for value in values if value is not None)
    have = (row.get("metadata") or {}).get(key) if key else row.get(name)
    if have is None:
        return bool(negated)
    if sign == ":":
        same = str(have).lower() == wanted.lower()
    elif sign == "~":
        same = wanted.lower() in str(have).lower()
    else:
        signs = {">": "gt", "<": "lt", ">=": "gte", "<=": "lte"}
        same = compare(int(have), signs[sign], int(wanted))
    return bool(same) != bool(negated)
