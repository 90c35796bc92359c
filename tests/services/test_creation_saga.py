"""Making one with a Stripe that fails in every way: one on both sides in the end, or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from billing.catalog.errors import NoDefaultTier
from billing.models import Account, Plan
from billing.stripe.current import gateway, using
from billing.stripe.errors import StripeError, StripeNotConfigured, StripeRefused
from billing.stripe.null import NullGateway
from customers.errors import AlreadyMember
from customers.models import CreationStatus, Customer, CustomerCreation, Membership, Role
from customers.services import creation, undoing
from tests import factories
from tests.fakes.stripe import FakeStripe, Mood
from tests.services.threads import at_once

NOW = datetime(2026, 1, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACME: dict[str, Any] = {"email": "ap@acme.example", "name": "Acme", "address": {"country": "DE"}}


@pytest.fixture
def stripe(transactional_db: None) -> Iterator[FakeStripe]:
    factories.default_plan()
    fake = FakeStripe()
    with using(fake):
        yield fake


def make(user: UUID, *, now: datetime = NOW, **details: Any) -> Customer:
    return creation.create_customer(user_id=user, **{**ACME, **details}, stripe=gateway(), now=now)


def sweep(now: datetime) -> None:
    undoing.sweep_creations(stripe=gateway(), now=now)


def require_one(stripe: FakeStripe, customer: Customer) -> None:
    """Assert that each side has exactly this customer."""
    assert Customer.objects.count() == Account.objects.count() == 1
    assert list(stripe.customers) == [Account.objects.get().stripe_customer_id]
    assert [row["reference"] for row in stripe.customers.values()] == [str(customer.pk)]


def require_none(stripe: FakeStripe) -> None:
    assert (Customer.objects.count(), Account.objects.count()) == (0, 0)
    assert stripe.customers == {}


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_BEFORE, Mood.LOST_AFTER])
def test_asking_again_after_a_failure_goes_on_with_the_same(stripe: FakeStripe, mood: Mood) -> None:
    user = uuid4()
    stripe.plan = [mood, mood]
    for _ in range(2):
        with pytest.raises(StripeError):
            make(user)
    assert Account.objects.count() == 0

    customer = make(user)

    require_one(stripe, customer)
    assert CustomerCreation.objects.get().status == CreationStatus.DONE
    with pytest.raises(AlreadyMember):
        make(user)


@pytest.mark.parametrize("mood", [Mood.TWICE, Mood.SLOW])
def test_a_call_that_is_repeated_or_slow_makes_one(stripe: FakeStripe, mood: Mood) -> None:
    stripe.plan = [mood]

    require_one(stripe, make(uuid4()))


def test_what_was_refused_is_begun_anew(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.REFUSES]
    with pytest.raises(StripeRefused):
        make(user)

    customer = make(user)

    require_one(stripe, customer)
    sweep(NOW)
    require_one(stripe, customer)
    statuses = sorted(CustomerCreation.objects.values_list("status", flat=True))
    assert statuses == ["DONE", "UNDONE"]


def test_a_failure_that_stripe_keeps_under_its_key_is_asked_under_another(
    stripe: FakeStripe,
) -> None:
    """Stripe repeats a 500 for a day to whoever repeats the key: a retry works all the same."""
    user = uuid4()
    stripe.plan = [Mood.FAILS_FOR_GOOD]
    with pytest.raises(StripeError):
        make(user)

    customer = make(user)

    require_one(stripe, customer)
    statuses = [sorted(CustomerCreation.objects.values_list("status", flat=True))]
    for moment in (NOW, NOW + HOUR):  # what may have been made is found after a while
        sweep(moment)
        statuses.append(sorted(CustomerCreation.objects.values_list("status", flat=True)))
    require_one(stripe, customer)
    assert statuses == [["ABANDONED", "DONE"], ["ABANDONED", "DONE"], ["DONE", "UNDONE"]]


def test_a_stripe_that_goes_on_failing_is_asked_under_two_keys_at_most(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.FAILS_FOR_GOOD, Mood.TWICE, Mood.FAILS_FOR_GOOD]
    for _ in range(2):
        with pytest.raises(StripeError):
            make(user)
        assert Customer.objects.count() == 0

    require_one(stripe, make(user))
    assert CustomerCreation.objects.count() == 3


def test_the_newest_request_says_what_the_customer_is(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.LOST_AFTER]
    with pytest.raises(StripeError):
        make(user, email="old@acme.example")

    customer = make(user, email="new@acme.example", name="New")

    require_one(stripe, customer)
    (row,) = stripe.customers.values()
    assert (row["email"], row["name"]) == ("new@acme.example", "New")
    assert (customer.email, customer.name) == ("new@acme.example", "New")


def test_a_change_that_stripe_lost_is_told_again(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.LOST_AFTER, Mood.TWICE, Mood.LOST_BEFORE]
    for _ in range(2):
        with pytest.raises(StripeError):
            make(user, name=f"Name {_}")

    customer = make(user, name="Name 1")

    require_one(stripe, customer)
    (row,) = stripe.customers.values()
    assert row["name"] == "Name 1"


def test_a_key_that_stripe_has_forgotten_makes_no_second_one(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.LOST_AFTER]
    with pytest.raises(StripeError):
        make(user)
    stripe.forget_keys()

    customer = make(user, now=NOW + 25 * HOUR)

    require_one(stripe, customer)


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.LOST_AFTER])
def test_what_nobody_goes_on_with_is_taken_back(stripe: FakeStripe, mood: Mood) -> None:
    stripe.plan = [mood]
    with pytest.raises(StripeError):
        make(uuid4())

    sweep(NOW + HOUR - timedelta(seconds=1))
    waiting = CustomerCreation.objects.get().status
    sweep(NOW + HOUR)

    assert waiting == CreationStatus.OPEN
    require_none(stripe)
    row = CustomerCreation.objects.get()
    assert (row.status, row.asked, row.wanted) == (CreationStatus.UNDONE, {}, {})


def test_taking_back_is_tried_until_it_is_done(stripe: FakeStripe) -> None:
    stripe.plan = [Mood.LOST_AFTER]
    with pytest.raises(StripeError):
        make(uuid4())
    stripe.plan = [Mood.FAILS, Mood.TWICE, Mood.LOST_AFTER]

    at = NOW + HOUR
    for _ in range(3):
        sweep(at)
        at = CustomerCreation.objects.get().due_at or at

    require_none(stripe)
    assert CustomerCreation.objects.get().status == CreationStatus.UNDONE
    assert at > NOW + HOUR


def test_an_answer_that_comes_after_the_giving_up_is_taken_back_too(stripe: FakeStripe) -> None:
    """The request hangs in Stripe for an hour; the sweeper gives up before its answer comes."""
    late = NOW + 2 * HOUR

    def hang(verb: str) -> None:
        if verb == "create":
            sweep(late)

    stripe.before = hang
    with pytest.raises(StripeError):
        make(uuid4())
    left = len(stripe.customers)
    sweep(late)

    assert left == 1
    require_none(stripe)


def test_who_was_added_meanwhile_makes_none_and_stripe_keeps_none(stripe: FakeStripe) -> None:
    user = uuid4()
    other = factories.customer()

    def join(verb: str) -> None:
        if verb == "create":
            Membership.objects.create(customer=other, user_id=user, role=Role.USER, created_at=NOW)

    stripe.before = join
    with pytest.raises(AlreadyMember):
        make(user)
    sweep(NOW)

    assert list(Customer.objects.all()) == [other]
    assert stripe.customers == {}
    assert CustomerCreation.objects.get().status == CreationStatus.UNDONE


def test_without_a_default_tier_stripe_is_not_asked(stripe: FakeStripe) -> None:
    Plan.objects.update(is_default=False)

    with pytest.raises(NoDefaultTier):
        make(uuid4())

    assert stripe.calls == []
    assert CustomerCreation.objects.count() == 0


def test_a_tier_that_went_meanwhile_leaves_the_creation_to_be_gone_on_with(
    stripe: FakeStripe,
) -> None:
    user = uuid4()

    def withdraw(_: str) -> None:
        Plan.objects.update(is_default=False)

    stripe.before = withdraw
    with pytest.raises(NoDefaultTier):
        make(user)
    stripe.before = lambda _: None
    Plan.objects.update(is_default=True)

    require_one(stripe, make(user))


def test_a_user_that_asks_many_times_at_once_gets_one(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.SLOW] * 3

    outcomes = at_once([partial(make, user)] * 6)

    assert outcomes.count("done") == 1
    assert set(outcomes) == {"done", "ALREADY_A_MEMBER"}
    require_one(stripe, Customer.objects.get())


def test_stripe_that_was_switched_off_is_not_forgotten(stripe: FakeStripe) -> None:
    user = uuid4()
    stripe.plan = [Mood.LOST_AFTER]
    with pytest.raises(StripeError):
        make(user)

    with using(NullGateway()), pytest.raises(StripeNotConfigured):
        make(user)

    assert Customer.objects.count() == 0
    require_one(stripe, make(user))


def test_stripe_is_never_asked_within_a_transaction(stripe: FakeStripe) -> None:
    with transaction.atomic(), pytest.raises(AssertionError, match="between transactions"):
        gateway().find_customers(reference=uuid4())
    with transaction.atomic(), pytest.raises(AssertionError, match="between transactions"):
        gateway().delete_customer(customer_id="cus_1", idempotency_key="k")

    assert stripe.calls == []
