"""What happened, newest first, for thirty days at Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.stripe_sandbox.calls import Call, answers
from tests.stripe_sandbox.lists import page


@answers("GET /v1/events")
def list_events(call: Call) -> dict[str, Any]:
    rows = [row for row in call.world.all("event") if wanted(row, call.given)]
    return page(call, rows, "_none")


def wanted(row: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    if "type" in given and not fnmatchcase(row["type"], given["type"]):
        return False
    if "types" in given and row["type"] not in given["types"]:
        return False
    delivered = given.get("delivery_success")
    return delivered is None or delivered == (row["pending_webhooks"] == 0)


@answers("GET /v1/events/{id}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("event", name)
