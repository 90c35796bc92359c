"""Test clocks, and what time brings to all that is due."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.resources import checkout, collecting, customers, renewing, subscriptions
from tests.stripe_sandbox.world import DAY, World

KEPT_FOR: Final = 30 * DAY
MOST_STEPS: Final = 10_000


@answers("POST /v1/test_helpers/test_clocks")
def create(call: Call) -> dict[str, Any]:
    made = call.world.add(
        "test_helpers.test_clock",
        frozen_time=call.given["frozen_time"],
        deletes_after=call.world.now() + KEPT_FOR,
        name=call.given.get("name"),
        status="ready",
        status_details={},
    )
    call.world.emit("test_helpers.test_clock.created", made)
    return made


@answers("GET /v1/test_helpers/test_clocks")
def list_clocks(call: Call) -> dict[str, Any]:
    return page(call, call.world.all("test_helpers.test_clock"))


@answers("GET /v1/test_helpers/test_clocks/{test_clock}")
def retrieve(call: Call, name: str) -> dict[str, Any]:
    return call.world.get("test_helpers.test_clock", name)


@answers("DELETE /v1/test_helpers/test_clocks/{test_clock}")
def delete(call: Call, name: str) -> dict[str, Any]:
    """Delete it, and its customers with it."""
    call.world.get("test_helpers.test_clock", name)
    for row in call.world.where("customer", test_clock=name):
        customers.delete(Call(call.world, call.path, {}), row["id"])
    return call.world.delete("test_helpers.test_clock", name)


@answers("POST /v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(call: Call, name: str) -> dict[str, Any]:
    """Move it forward; here all is done when the answer comes, at Stripe soon after."""
    found = call.world.get("test_helpers.test_clock", name)
    target = call.given["frozen_time"]
    if target <= found["frozen_time"]:
        raise wrong("You can only advance a test clock to a later time.", "frozen_time")
    for _ in range(MOST_STEPS):
        due = next_due(call.world, name)
        if due is None or due > target:
            break
        found["frozen_time"] = max(found["frozen_time"], due)
        run_due(call.world, name)
    found["frozen_time"] = target
    run_due(call.world, name)
    call.world.emit("test_helpers.test_clock.ready", found)
    return found


def next_due(world: World, clock: str | None) -> int | None:
    times = [at for at, _, _ in due_rows(world, clock)]
    return min(times, default=None)


def due_rows(world: World, clock: str | None) -> list[tuple[int, Any, dict[str, Any]]]:
    """Return what time will do on this clock: when, what, to what."""
    rows: list[tuple[int, Any, dict[str, Any]]] = []
    for about in world.where("subscription", test_clock=clock):
        if about["status"] in {"active", "trialing", "past_due", "unpaid"}:
            rows.append((subscriptions.period_of(about)[1], renewing.renew, about))
        elif about["status"] == "incomplete":
            rows.append((about["created"] + subscriptions.INCOMPLETE_FOR, expire, about))
    for invoice in world.where("invoice", test_clock=clock):
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
            at = invoice["automatically_finalizes_at"]
            rows.append((at, collecting.finalize, invoice))
        elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
            rows.append((invoice["next_payment_attempt"], attempt, invoice))
    if clock is None:
        rows += [
            (row["expires_at"], checkout.expire, row)
            for row in world.where("checkout.session", status="open")
        ]
    return rows


def attempt(world: World, invoice: dict[str, Any]) -> None:
    invoice["next_payment_attempt"] = None
    with contextlib.suppress(Refusal):
        collecting.pay(world, invoice)


def expire(world: World, about: dict[str, Any]) -> None:
    """End what was not paid in 23 hours."""
    world.change(about, "customer.subscription.updated", status="incomplete_expired")
    world.emit("customer.subscription.deleted", about)


def run_due(world: World, clock: str | None = None) -> None:
    """Do all that is due by now, the earliest first."""
    for _ in range(MOST_STEPS):
        due = [row for row in due_rows(world, clock) if row[0] <= world.now(clock)]
        if not due:
            return
        _, act, about = min(due, key=lambda row: row[0])
        act(world, about)
