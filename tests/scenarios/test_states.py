"""Every action in every state of a subscription: what it leads to, or that it is refused.

The table is read like a page: a row an action, a column a state. A word is the state that follows,
`no` is INVALID_TRANSITION, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from billing.models import AuditEntry
from billing.subscriptions.models import SubscriptionStatus
from tests.scenarios.world import World

STATES = ["INCOMPLETE", "TRIALING", "ACTIVE", "PAST_DUE", "UNPAID", "PAUSED", "CANCELLED"]
TABLE = """
change_now  INCOMPLETE  TRIALING   ACTIVE     PAST_DUE   UNPAID     PAUSED     no
change_end  INCOMPLETE  TRIALING   ACTIVE     PAST_DUE   UNPAID     PAUSED     no
cancel      CANCELLED   TRIALING   ACTIVE     PAST_DUE   UNPAID     PAUSED     no
cancel_now  CANCELLED   CANCELLED  CANCELLED  CANCELLED  CANCELLED  CANCELLED  no
reactivate  no          no         no         no         no         no         ACTIVE
pause       no          PAUSED     PAUSED     PAUSED     PAUSED     no         no
resume      no          no         no         no         no         ACTIVE     no
discount    INCOMPLETE  TRIALING   ACTIVE     PAST_DUE   UNPAID     PAUSED     no
credits     INCOMPLETE  TRIALING   ACTIVE     PAST_DUE   UNPAID     PAUSED     CANCELLED
pay         -           -          ACTIVE     ACTIVE     ACTIVE     -          -
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
PAIRS = [
    (state, row[0], outcome)
    for row in ROWS
    for state, outcome in zip(STATES, row[1:], strict=True)
    if outcome != "-"
]

Life = Callable[[World], Any]


def incomplete(world: World) -> Any:
    return world.subscribe(world.plan(), startAt="2025-04-10T00:00:00Z")


def trialing(world: World) -> Any:
    return world.subscribe(world.plan(), trialDays=14)


def active(world: World) -> Any:
    made = world.subscribe(world.plan())
    world.advance("2025-05-02T00:00:00Z")
    return made


def past_due(world: World) -> Any:
    made = world.subscribe(world.plan())
    world.advance("2025-05-16T00:00:00Z")
    return made


def unpaid(world: World) -> Any:
    made = world.subscribe(world.plan())
    world.advance("2025-05-30T00:00:00Z")
    return made


def paused(world: World) -> Any:
    made = world.subscribe(world.plan())
    return world.post(f"/subscriptions/{made['id']}/pause")


def cancelled(world: World) -> Any:
    made = world.subscribe(world.plan())
    world.advance("2025-04-10T00:00:00Z")
    return world.post(f"/subscriptions/{made['id']}/cancel", {"immediately": True})


LIVES: dict[str, Life] = {
    "INCOMPLETE": incomplete,
    "TRIALING": trialing,
    "ACTIVE": active,
    "PAST_DUE": past_due,
    "UNPAID": unpaid,
    "PAUSED": paused,
    "CANCELLED": cancelled,
}


def change(when: str) -> Callable[[World, str], tuple[str, Any]]:
    return lambda world, path: (
        f"{path}/change-plan",
        {"newPlanId": world.plan(price="90.00"), "when": when},
    )


def pay(world: World, _path: str) -> tuple[str, Any]:
    invoice = world.invoices()[0]
    return f"/invoices/{invoice['id']}/payments", {"amount": invoice["amountDue"]}


ACTIONS: dict[str, Callable[[World, str], tuple[str, Any]]] = {
    "change_now": change("NOW"),
    "change_end": change("PERIOD_END"),
    "cancel": lambda _world, path: (f"{path}/cancel", {}),
    "cancel_now": lambda _world, path: (f"{path}/cancel", {"immediately": True}),
    "reactivate": lambda _world, path: (f"{path}/reactivate", {}),
    "pause": lambda _world, path: (f"{path}/pause", {}),
    "resume": lambda _world, path: (f"{path}/resume", {}),
    "discount": lambda _world, path: (f"{path}/discount", {"discountPercent": "10"}),
    "credits": lambda _world, path: (f"{path}/credits", {"amount": "5.00"}),
    "pay": pay,
}


def test_the_table_has_every_state_and_every_action() -> None:
    assert set(STATES) == set(LIVES) == set(SubscriptionStatus.values)
    assert [row[0] for row in ROWS] == list(ACTIONS)


def state_of(world: World, subscription: str) -> Any:
    (found,) = world.get(f"/tenants/{world.tenant}/subscriptions")["data"]
    assert found["id"] == subscription
    return found


@pytest.mark.parametrize(
    ("state", "action", "outcome"), [pair for pair in PAIRS if pair[2] != "no"]
)
def test_what_an_action_leads_to(world: World, state: str, action: str, outcome: str) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = LIVES[state](world)
    before = state_of(world, made["id"])
    path, body = ACTIONS[action](world, f"/subscriptions/{made['id']}")

    world.post(path, body)

    assert before["status"] == state
    assert state_of(world, made["id"])["status"] == outcome


@pytest.mark.parametrize(("state", "action"), [pair[:2] for pair in PAIRS if pair[2] == "no"])
def test_what_a_state_does_not_allow(world: World, state: str, action: str) -> None:
    world.begin("2025-04-01T00:00:00Z")
    made = LIVES[state](world)
    path, body = ACTIONS[action](world, f"/subscriptions/{made['id']}")
    before, entries = state_of(world, made["id"]), AuditEntry.objects.count()

    refused = world.post(path, body, status=409)

    assert before["status"] == state
    assert refused["error"]["code"] == "INVALID_TRANSITION"
    assert f"is {state}, so it can't become " in refused["error"]["message"]
    assert state_of(world, made["id"]) == before
    assert AuditEntry.objects.count() == entries
