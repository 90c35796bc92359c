"""The worked example of the guide's page on invoices, lived through the API."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from invoicing.verification import verify
from tests.docs.pages import ROOT
from tests.scenarios.taxes import rate
from tests.scenarios.world import T_TIERS, World

PAGE = (ROOT / "docs/guide/invoices.md").read_text()
EXAMPLE = PAGE.split("## An example")[1]


def rows() -> list[tuple[str, str, str]]:
    """Return (type, amount, discount) of the example's table."""
    table = EXAMPLE.split("| line |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    return [(kind, amount, discount) for kind, _how, amount, discount in cells]


def sums(sentence: str) -> list[str]:
    """Return the amounts of the paragraph that begins with these words."""
    paragraph = EXAMPLE.split(sentence)[1].split("\n\n")[0]
    return re.findall(r"\d+\.\d+", paragraph)


def april() -> Any:
    """Live what the example tells, and return April's invoice."""
    world = World()
    world.begin("2025-03-01T00:00:00Z", address={"country": "DE"})
    graduated = {"metricType": "API_CALLS", "model": "GRADUATED", "tiers": T_TIERS}
    each = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.01"}
    made = world.subscribe(world.plan(charges=[graduated]))
    path = f"/subscriptions/{made['id']}"
    world.use("API_CALLS", "900")
    world.advance("2025-04-02T00:00:00Z")
    world.use("API_CALLS", "200", timestamp="2025-03-20T00:00:00Z")
    world.post(f"{path}/discount", {"discountPercent": "10"})
    world.post(f"{path}/discount", {"discountAmount": "5.00"})
    world.post(f"{path}/credits", {"amount": "20.00"})
    world.use("API_CALLS", "6000")
    world.advance("2025-04-16T12:00:00Z")
    larger = world.plan(price="90.00", charges=[each])
    world.post(f"{path}/change-plan", {"newPlanId": larger, "when": "NOW"}, status=200)
    world.use("API_CALLS", "250")
    world.advance("2025-05-01T01:00:00Z")
    return world.invoices()[-1]


@pytest.mark.django_db
def test_the_example_is_what_is_computed() -> None:
    rate("DE", "19")

    invoice = april()

    shown = [line for line in invoice["lines"] if line["type"] not in {"DISCOUNT", "TAX"}]
    discounts = [line.get("discountAmount") or "" for line in shown]
    assert [
        (line["type"], line["amount"], "" if off == "0.00" else off)
        for line, off in zip(shown, discounts, strict=True)
    ] == rows()
    taxed = str(Decimal(invoice["subtotal"]) - Decimal(invoice["discountTotal"]))
    found = [invoice[name] for name in ("subtotal", "discountTotal", "taxTotal")]
    assert sums("Subtotal") == [
        *found,
        taxed,
        "26.7862",
        invoice["total"],
        invoice["creditsApplied"],
        invoice["amountDue"],
    ]
    assert [str(problem) for problem in verify()] == []
