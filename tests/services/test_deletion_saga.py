"""Deleting a customer: roles at once, then Stripe, then all that names a person; never half."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from billing.kernel.errors import NotFound, TenantNotFound
from billing.models import Account, ApiKey, AuditEntry, InvoiceDue, Subscription
from billing.stripe.current import gateway, using
from customers.models import Customer, CustomerDeletion, DeletionStatus, Membership
from customers.services import carrying, deletion
from invoicing import test_clocks
from invoicing.models import Invoice, InvoiceStatus
from invoicing.run import run_due
from invoicing.services import void_invoice
from tests import factories
from tests.fakes.stripe import FakeStripe, Mood
from tests.services import doomed
from tests.services.doomed import NOW, Doomed

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PERSONAL = ("Bob", "bob", "acme.example", "DE-BOB")


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    fake = FakeStripe()
    with using(fake):
        yield fake


@pytest.fixture
def doomed_one() -> Doomed:
    return doomed.make()


@pytest.fixture
def at_stripe(stripe: FakeStripe) -> Doomed:
    made = doomed.make(stripe_id="cus_1")
    with stripe._state() as state:
        state["customers"]["cus_1"] = {"reference": str(made.id)}
    return made


def carry(of: Doomed, at: Any = NOW) -> CustomerDeletion:
    carrying.carry_deletion(account_id=of.id, stripe=gateway(), now=at)
    return CustomerDeletion.objects.get()


def test_with_the_record_of_the_deletion_nobody_has_a_role_any_more(doomed_one: Doomed) -> None:
    doomed_one.delete()

    assert Membership.objects.count() == 0
    assert not Subscription.objects.live().exists()
    assert not InvoiceDue.objects.filter(due_at__isnull=False).exists()
    assert not ApiKey.objects.filter(revoked_at__isnull=True).exists()
    assert list(Account.objects.values_list("closed_at", flat=True)) == [NOW, NOW]
    assert CustomerDeletion.objects.get().status == DeletionStatus.ERASING
    assert AuditEntry.objects.filter(action="customer.deletion_requested").count() == 1
    assert doomed_one.disagreements() == []
    for account in doomed_one.accounts:
        with pytest.raises(TenantNotFound):
            Account.objects.lock(account.pk)


def test_stripe_is_told_and_the_record_goes_when_it_has_confirmed(
    at_stripe: Doomed, stripe: FakeStripe
) -> None:
    at_stripe.delete(with_stripe=True)
    told = carry(at_stripe)

    assert (told.status, told.due_at) == (DeletionStatus.AWAITING, NOW + DAY)
    assert stripe.customers == {}
    assert "Bob" in doomed.everything()

    deletion.confirm_stripe_deletion(stripe_customer_id="cus_1", now=NOW)
    again = deletion.confirm_stripe_deletion(stripe_customer_id="cus_1", now=NOW)
    done = carry(at_stripe)

    assert again is None
    assert done.status == DeletionStatus.DONE
    assert "Bob" not in doomed.everything()


def test_a_confirmation_may_come_before_we_know_that_we_told(
    at_stripe: Doomed, stripe: FakeStripe
) -> None:
    at_stripe.delete(with_stripe=True)
    deletion.confirm_stripe_deletion(stripe_customer_id="cus_1", now=NOW)
    carrying.note_told(account_id=at_stripe.id, gone=[], now=NOW)

    assert CustomerDeletion.objects.get().status == DeletionStatus.ERASING
    assert carry(at_stripe).status == DeletionStatus.DONE


def test_a_confirmation_that_is_lost_is_asked_for(at_stripe: Doomed, stripe: FakeStripe) -> None:
    at_stripe.delete(with_stripe=True)
    carry(at_stripe)

    early = carry(at_stripe, NOW + DAY - timedelta(seconds=1)).status
    done = carry(at_stripe, NOW + DAY)

    assert early == DeletionStatus.AWAITING
    assert done.status == DeletionStatus.DONE


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER, Mood.REFUSES])
def test_stripe_that_fails_is_asked_again_after_a_pause(
    at_stripe: Doomed, stripe: FakeStripe, mood: Mood
) -> None:
    stripe.plan = [mood]
    at_stripe.delete(with_stripe=True)
    failed = carry(at_stripe)

    pause = timedelta(seconds=30)
    assert (failed.status, failed.due_at) == (DeletionStatus.REQUESTED, NOW + pause)
    assert failed.failure == "Stripe: STRIPE_ERROR"
    assert carry(at_stripe).attempts == 1

    told = carry(at_stripe, NOW + pause)

    # What was gone already, after an answer that was lost, is as good as confirmed.
    expected = DeletionStatus.DONE if mood is Mood.LOST_AFTER else DeletionStatus.AWAITING
    assert told.status == expected
    assert stripe.customers == {}


def test_after_ten_failures_it_is_parked_until_staff_asks_again(
    at_stripe: Doomed, stripe: FakeStripe
) -> None:
    stripe.plan = [Mood.FAILS] * 10
    at_stripe.delete(with_stripe=True)
    at = NOW
    for _ in range(9):
        at = carry(at_stripe, at).due_at or at
    parked = carry(at_stripe, at)

    assert (parked.status, parked.due_at, parked.attempts) == (DeletionStatus.PARKED, None, 10)
    assert parked.failure == "Stripe: STRIPE_ERROR"
    assert carry(at_stripe, at + 9 * DAY).status == DeletionStatus.PARKED

    deletion.delete_any_customer(customer_id=at_stripe.id, with_stripe=True, now=at)
    resumed = carry(at_stripe, at)
    assert (resumed.status, resumed.attempts) == (DeletionStatus.AWAITING, 1)


def test_a_part_that_fails_is_tried_again_and_then_parked(
    doomed_one: Doomed, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed_one.delete()
    with monkeypatch.context() as patched:
        patched.setattr(settings, "BILLING_ERASERS", ["tests.services.test_deletion_saga.broken"])
        failed = carry(doomed_one)

    assert (failed.status, failed.failure) == (DeletionStatus.ERASING, "ZeroDivisionError")
    assert failed.due_at == NOW + timedelta(seconds=30)
    assert carry(doomed_one, NOW + timedelta(seconds=30)).status == DeletionStatus.DONE


def broken(account: Any, *, now: Any) -> bool:
    raise ZeroDivisionError


def test_asking_again_is_a_404_once_the_record_is_gone(doomed_one: Doomed) -> None:
    doomed_one.delete()
    doomed_one.delete()
    carry(doomed_one)

    with pytest.raises(NotFound):
        doomed_one.delete()
    assert CustomerDeletion.objects.count() == 1


def test_the_billing_run_leaves_a_deleted_customer_alone(doomed_one: Doomed) -> None:
    doomed_one.delete()

    assert run_due(now=NOW + 90 * DAY) == 0
    assert Invoice.objects.count() == 4


def test_a_final_invoice_of_a_deleted_customer_can_still_be_voided(doomed_one: Doomed) -> None:
    doomed_one.delete()
    carry(doomed_one)
    final = Invoice.objects.filter(status=InvoiceStatus.PENDING).first()
    assert final is not None

    voided = void_invoice(account_id=final.account_id, invoice_id=final.pk, now=NOW)

    assert voided.status == InvoiceStatus.VOID
    assert voided.buyer is not None
    assert voided.buyer["name"] == "Bob's Tenant"


def test_a_customer_on_a_test_clock_is_deleted_by_the_clocks_time() -> None:
    clock = factories.clock(doomed.START)
    made = doomed.make(clock=clock)
    frozen = doomed.START + 40 * DAY
    test_clocks.advance(clock_id=clock.pk, frozen_time=frozen)

    made.delete()
    done = carry(made)

    assert done.status == DeletionStatus.DONE
    assert set(Subscription.objects.values_list("ended_at", flat=True)) == {frozen}
    assert "bob" not in doomed.everything()
    assert made.disagreements() == []
    test_clocks.advance(clock_id=clock.pk, frozen_time=frozen + 60 * DAY)
    test_clocks.delete_clock(clock_id=clock.pk)
    assert (Account.objects.count(), CustomerDeletion.objects.count()) == (0, 0)


def test_a_clock_goes_with_its_customers() -> None:
    clock = factories.clock(doomed.START)
    doomed.make(clock=clock)

    test_clocks.delete_clock(clock_id=clock.pk)

    assert (Customer.objects.count(), Membership.objects.count()) == (0, 0)
