"""From an invoice that nobody pays to UNPAID, and back: through the API, on a test clock."""

from __future__ import annotations

from typing import Any

import pytest

from invoicing.records import DunningEntry, Mail
from tests.scenarios.world import World


def unpaid(world: World, **tenant: Any) -> Any:
    """Live until May 1, 01:00: April's invoice of 30.00 is final, due on May 15, 01:00."""
    world.begin("2025-04-01T00:00:00Z", **tenant)
    world.subscribe(world.plan())
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()
    return invoice


def states(world: World, invoice: Any) -> tuple[str, str]:
    shown = world.get(f"/invoices/{invoice['id']}")
    return shown["status"], world.subscription()["status"]


def pay(world: World, invoice: Any, amount: Any, **fields: Any) -> Any:
    return world.post(f"/invoices/{invoice['id']}/payments", {"amount": amount, **fields})


def test_an_unpaid_invoice_is_overdue_two_weeks_after_issue_and_unpaid_two_weeks_later(
    world: World,
) -> None:
    invoice = unpaid(world)

    seen = {}
    for at in ("15T00:59:59Z", "15T01:00:00Z", "29T00:59:59Z", "29T01:00:00Z"):
        world.advance(f"2025-05-{at}")
        seen[at] = states(world, invoice)

    assert (invoice["issueDate"], invoice["dueDate"]) == ("2025-05-01", "2025-05-15")
    assert seen == {
        "15T00:59:59Z": ("PENDING", "ACTIVE"),
        "15T01:00:00Z": ("OVERDUE", "PAST_DUE"),
        "29T00:59:59Z": ("OVERDUE", "PAST_DUE"),
        "29T01:00:00Z": ("OVERDUE", "UNPAID"),
    }


def test_a_late_payment_leads_back(world: World) -> None:
    invoice = unpaid(world)
    world.advance("2025-05-30T00:00:00Z")

    paid = pay(world, invoice, "30.00", reference="late")

    assert (paid["status"], paid["amountPaid"], paid["amountDue"]) == ("PAID", "30.00", "0.00")
    assert paid["paidAt"] == "2025-05-30T00:00:00Z"
    assert states(world, invoice) == ("PAID", "ACTIVE")
    world.advance("2025-06-01T00:30:00Z")
    assert states(world, invoice) == ("PAID", "ACTIVE")


def test_a_part_of_what_is_overdue_does_not_lead_back(world: World) -> None:
    invoice = unpaid(world)
    world.advance("2025-05-16T00:00:00Z")

    part = pay(world, invoice, "29.99")
    after_part = states(world, invoice)
    world.advance("2025-05-29T01:00:00Z")
    later = states(world, invoice)
    pay(world, invoice, "0.01")

    assert (part["status"], part["amountDue"]) == ("PARTIALLY_PAID", "0.01")
    assert after_part == ("PARTIALLY_PAID", "PAST_DUE")
    assert later == ("OVERDUE", "UNPAID")
    assert states(world, invoice) == ("PAID", "ACTIVE")


def test_the_worst_of_two_invoices_says_how_the_subscription_stands(world: World) -> None:
    april = unpaid(world)
    world.advance("2025-06-15T01:00:00Z")
    may = world.invoices()[1]
    both = (states(world, april), states(world, may))

    pay(world, april, "30.00")
    one_left = states(world, may)
    pay(world, may, "30.00")

    assert both == (("OVERDUE", "UNPAID"), ("OVERDUE", "UNPAID"))
    assert one_left == ("OVERDUE", "PAST_DUE")
    assert states(world, may) == ("PAID", "ACTIVE")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("void", {"reason": "wrong"}, "VOID"),
        ("mark-uncollectible", {}, "UNCOLLECTIBLE"),
        ("credit-notes", {"amount": "30.00", "reason": "goodwill"}, "PAID"),
    ],
)
def test_whatever_ends_the_debt_leads_back(
    world: World, path: str, body: dict[str, str], status: str
) -> None:
    invoice = unpaid(world)
    world.advance("2025-05-20T00:00:00Z")

    world.post(f"/invoices/{invoice['id']}/{path}", body)

    assert states(world, invoice) == (status, "ACTIVE")
    world.advance("2025-05-31T00:00:00Z")
    assert states(world, invoice) == (status, "ACTIVE")


def test_each_step_is_done_once_at_its_instant_and_its_mail_written(world: World) -> None:
    invoice = unpaid(world, billingEmail="ap@acme.example")

    world.advance("2025-05-31T00:00:00Z")

    done = [
        (entry.action, entry.step.days, entry.due_at.isoformat(), entry.at == entry.due_at)
        for entry in DunningEntry.objects.select_related("step")
    ]
    assert done == [
        ("REMIND", -3, "2025-05-12T01:00:00+00:00", True),
        ("OVERDUE", 0, "2025-05-15T01:00:00+00:00", True),
        ("REMIND", 7, "2025-05-22T01:00:00+00:00", True),
        ("UNPAID", 14, "2025-05-29T01:00:00+00:00", True),
    ]
    number = invoice["invoiceNumber"]
    assert list(
        Mail.objects.order_by("created_at").values_list("subject", "recipient", "status")
    ) == [
        (f"Invoice {number} is due on May 15, 2025", "ap@acme.example", "HELD"),
        (f"Invoice {number} is overdue", "ap@acme.example", "HELD"),
        (f"Invoice {number} is overdue", "ap@acme.example", "HELD"),
        (f"Last reminder of invoice {number}", "ap@acme.example", "HELD"),
    ]


def test_without_a_billing_address_no_mail_is_written_and_that_is_noted(world: World) -> None:
    unpaid(world)

    world.advance("2025-05-16T00:00:00Z")

    assert Mail.objects.count() == 0
    assert set(DunningEntry.objects.values_list("note", flat=True)) == {"NO_ADDRESS"}


def test_what_is_paid_in_time_is_never_dunned(world: World) -> None:
    invoice = unpaid(world, billingEmail="ap@acme.example")
    pay(world, invoice, "30.00")

    world.advance("2025-05-31T00:00:00Z")

    assert DunningEntry.objects.count() == Mail.objects.count() == 0
    assert states(world, invoice) == ("PAID", "ACTIVE")
