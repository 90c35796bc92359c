"""`kill -9` at each step of a customer's making and deletion: asked again, it ends in one, or none.

The points lie before and after each statement-bearing function, each commit and each call of
Stripe; the test runs until a process comes through without meeting its point.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils.module_loading import import_string

from billing.models import Account, AuditEntry
from billing.stripe.current import using
from customers.models import CreationStatus, Customer, CustomerCreation, CustomerDeletion
from customers.services import carrying, deletion, undoing
from invoicing.models import Invoice
from tests import factories
from tests.client import Api, json_of
from tests.fakes.stripe import FakeStripe
from tests.faults.killed import Fuse, was_killed
from tests.services import doomed
from tests.services.doomed import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ACME = {"email": "ap@acme.example", "name": "Acme"}
IN_CREATION = (
    "customers.services.creation.open_creation",
    "customers.services.creation.link_creation",
    "customers.services.creation.finish_creation",
    "customers.services.creation._make",
    "customers.services.creation.add_subscription",
    "billing.http.idempotency.Once.keep",
)
IN_DELETION = (
    "customers.services.deletion.end_all",
    "customers.services.deletion.delete_any_customer",
    "customers.services.carrying.note_told",
    "customers.services.carrying.erasing.take_step",
    "customers.services.erasing._onward",
    "customers.services.erasing._finish",
    "customers.services.deletion.confirm_stripe_deletion",
)


def armed(work: Callable[[], Any], at: int, points: tuple[str, ...], fake: FakeStripe) -> bool:
    """Run the work with its points armed; return whether it was killed at the n-th."""
    fuse = Fuse(at)

    def run() -> None:
        patches = [patch(name, fuse.around(unwrapped(name))) for name in points]
        asked = [
            patch.object(fake, name, fuse.around(getattr(fake, name)))
            for name in ("create_customer", "delete_customer", "find_customers")
        ]
        for each in (*patches, *asked):
            each.start()
        work()

    return was_killed(run)


def unwrapped(name: str) -> Any:
    owner, _, attribute = name.rpartition(".")
    if owner == "billing.http.idempotency.Once":
        return getattr(import_string(owner), attribute)
    return (
        import_string(name)
        if "erasing.take_step" not in name
        else import_string("customers.services.erasing.take_step")
    )


def until_it_comes_through(attempt: Callable[[int], bool]) -> int:
    """Make attempts that die ever later; return how many died before one came through."""
    for died in range(200):
        if not attempt(died + 1):
            return died
    raise AssertionError("it never comes through")


@pytest.mark.parametrize("key", ["k", None], ids=["keyed", "plain"])
def test_a_creation_that_is_killed_anywhere_and_asked_again_makes_one(
    tmp_path: Path, key: str | None
) -> None:
    factories.default_plan()
    fake = FakeStripe(tmp_path / "stripe.json")
    sides = []

    def attempt(at: int) -> bool:
        user = uuid4()
        headers = {"idempotency_key": key} if key else {}

        def ask() -> Any:
            return Api.on_portal(sub=user).post("/customer", ACME, **headers)

        killed = armed(lambda: json_of(ask(), 201), at, IN_CREATION, fake)
        answer = ask()
        allowed = {201} if key else {201, 400}
        assert answer.status_code in allowed, answer.content
        owned = Customer.objects.filter(memberships__user_id=user).values_list("pk", flat=True)
        (customer,) = owned
        rows = [name for name, row in fake.customers.items() if row["reference"] == str(customer)]
        sides.append(rows == [Account.objects.get(pk=customer).stripe_customer_id])
        return killed

    with using(fake):
        died = until_it_comes_through(attempt)

    assert died >= 10
    assert all(sides)
    assert Customer.objects.count() == Account.objects.count() == died + 1
    assert len(fake.customers) == died + 1
    assert CustomerCreation.objects.exclude(status=CreationStatus.DONE).count() == 0


def test_a_creation_that_is_killed_and_never_asked_again_leaves_nothing(tmp_path: Path) -> None:
    factories.default_plan()
    fake = FakeStripe(tmp_path / "stripe.json")

    def attempt(at: int) -> bool:
        api = Api.on_portal()
        return armed(lambda: json_of(api.post("/customer", ACME), 201), at, IN_CREATION, fake)

    with using(fake):
        until_it_comes_through(attempt)
        late = CustomerCreation.objects.latest("created_at").created_at + undoing.LONGEST_PAUSE
        for at in range(1, 8):
            sweep = armed_sweep(fake, late)
            armed(sweep, at, ("customers.services.undoing.settle",), fake)
        undoing.sweep_creations(stripe=fake, now=late)

    owned = {str(pk) for pk in Customer.objects.values_list("pk", flat=True)}
    assert owned
    assert {row["reference"] for row in fake.customers.values()} == owned
    assert Account.objects.count() == len(owned)
    settled = {CreationStatus.DONE, CreationStatus.UNDONE}
    assert set(CustomerCreation.objects.values_list("status", flat=True)) == settled


def armed_sweep(fake: FakeStripe, late: Any) -> Callable[[], None]:
    return lambda: undoing.sweep_creations(stripe=fake, now=late)


@pytest.mark.parametrize("with_stripe", [True, False], ids=["stripe", "no stripe"])
def test_a_deletion_that_is_killed_anywhere_is_carried_through(
    tmp_path: Path, with_stripe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.metering.erasing.BATCH", 20)
    made = doomed.make(stripe_id="cus_1")
    fake = FakeStripe(tmp_path / "stripe.json")
    with fake._state() as state:
        state["customers"]["cus_1"] = {"reference": str(made.id)}
    counted = made.counted()

    def work() -> None:
        if Customer.objects.exists():
            made.delete(with_stripe=with_stripe)
        carrying.carry_deletion(account_id=made.id, stripe=fake, now=NOW)
        deletion.confirm_stripe_deletion(stripe_customer_id="cus_1", now=NOW)
        carrying.carry_deletion(account_id=made.id, stripe=fake, now=NOW)

    with using(fake):
        died = until_it_comes_through(lambda at: armed(work, at, IN_DELETION, fake))

    assert died >= 20
    assert CustomerDeletion.objects.get().status == "DONE"
    assert Customer.objects.count() == 0
    assert [word for word in ("bob", "Bob", "DE-BOB") if word in doomed.everything()] == []
    assert made.counted() == counted
    assert made.disagreements() == []
    assert (fake.customers == {}) == with_stripe
    finals = Invoice.objects.filter(number__isnull=False)
    assert {invoice.buyer["name"] for invoice in finals if invoice.buyer} == {"Bob's Tenant"}
    assert AuditEntry.objects.filter(action="customer.deleted").count() == 1
