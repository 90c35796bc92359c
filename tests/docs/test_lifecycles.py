"""The pictures of the lifecycles are made of the tables that the code obeys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from billing.subscriptions import models as subscriptions
from customers import models as customers
from invoicing import models as invoices
from paying.records import INTENT_TRANSITIONS
from paying.records.buying import CHECKOUT_TRANSITIONS
from tests.docs.pages import ROOT
from webhooks import models as webhooks

MACHINES: dict[str, Any] = {
    "billing": subscriptions.TRANSITIONS,
    "customers: creation": customers.CREATION_TRANSITIONS,
    "customers: deletion": customers.DELETION_TRANSITIONS,
    "invoicing": invoices.TRANSITIONS,
    "webhooks": webhooks.WebhookDelivery.transitions,
    "paying: checkout": CHECKOUT_TRANSITIONS,
    "paying: intent": INTENT_TRANSITIONS,
}


def picture(table: Mapping[str, Iterable[str]]) -> str:
    """Draw a table in mermaid: its first state is where things begin."""
    order = list(table)
    moves = [
        f"    {state} --> {target}"
        for state in order
        for target in sorted(table[state], key=order.index)
    ]
    ends = [f"    {state} --> [*]" for state in order if not table[state]]
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {order[0]}", *moves, *ends, "```"]
    return "\n".join(lines)


@pytest.mark.parametrize("machine", MACHINES)
def test_an_apps_page_draws_the_table_that_its_code_obeys(machine: str) -> None:
    app = machine.partition(":")[0]
    drawn = picture({str(state): set(map(str, to)) for state, to in MACHINES[machine].items()})

    assert drawn in (ROOT / app / "README.md").read_text(), f"{app}/README.md needs:\n{drawn}"


def test_a_picture_has_every_move_of_its_table() -> None:
    table = {"NEW": {"DONE", "OPEN"}, "OPEN": {"DONE"}, "DONE": set[str]()}

    assert picture(table).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> NEW",
        "    NEW --> OPEN",
        "    NEW --> DONE",
        "    OPEN --> DONE",
        "    DONE --> [*]",
        "```",
    ]
