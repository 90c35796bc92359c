"""All events of a purchase at once, or killed in the middle; things that end; the other types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from billing.kernel import clock
from billing.models import PlanVersion, Subscription
from billing.stripe.current import using
from invoicing import verification
from paying.inbox.working import note_done, read_event, serialized, sweep_inbox
from paying.models import Profile, Receipt, StripeEvent
from tests.fakes.stripe import FakeStripe
from tests.faults.killed import Fuse, was_killed
from tests.paying.conftest import Shop, deliver, event, read_at_once
from tests.paying.test_checkout import checkout, complete
from tests.paying.test_order import CONTRACT, SCENE, Story, undone

END = {
    "plan": "price_pro",
    "status": "ACTIVE",
    "mode": "LEAD",
    "method": "pm_card_visa",
    "page": "DONE",
    "received": [3000],
    "refunded": [500],
    "dispute": ["warning_needs_response"],
}


def read_all(story: Story) -> None:
    """Read what is due now, in pauses and later, as the sweeps do."""
    for minutes in (0, 6, 12, 60 * 24):
        sweep_inbox(stripe=story.shop.stripe, now=clock.now() + timedelta(minutes=minutes))


@pytest.mark.django_db(transaction=True)
def test_all_of_them_at_once_end_as_stripe_has_it(stripe: FakeStripe) -> None:
    story = Story(stripe)
    for kind in SCENE:
        deliver(story.event(kind))

    read_at_once([f"evt_{kind}" for kind in SCENE] * 2, stripe)
    read_all(story)

    assert story.end() == {**END, "led by": story.names["subscription"]}
    assert not StripeEvent.objects.filter(status__in=["WAITING", "FAILED"]).exists()
    assert list(verification.verify()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("told", ["charge.refunded", "charge.dispute.created"])
def test_money_that_comes_while_what_tells_of_it_is_read_is_found(
    stripe: FakeStripe, told: str
) -> None:
    story = Story(stripe)
    for kind in SCENE:
        deliver(story.event(kind))

    def after_the_others(*, event_id: str, **more: Any) -> None:
        if event_id == f"evt_{told}" and not Receipt.objects.exists():
            story.shop.read()
            assert Receipt.objects.exists()
        note_done(event_id=event_id, **more)

    with patch("paying.inbox.working.note_done", after_the_others):
        read_event(f"evt_{told}", stripe=stripe, now=clock.now())
    read_all(story)

    assert story.end() == {**END, "led by": story.names["subscription"]}
    assert not StripeEvent.objects.filter(status__in=["WAITING", "FAILED"]).exists()


POINTS = (
    "paying.inbox.working.claim",
    "paying.inbox.working.note_done",
    "paying.syncing.checkouts.choose",
    "paying.syncing.checkouts.put_on_plan",
    "paying.syncing.checkouts.finish",
    "paying.syncing.checkouts.sync_subscription",
    "paying.syncing.checkouts.catch_up",
    "paying.syncing.invoices.receive",
    "paying.syncing.charges.refund",
    "paying.syncing.charges.note_dispute",
)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeStripe]:
    made = FakeStripe(tmp_path / "stripe.json")
    with using(made):
        yield made


def armed(work: Callable[[], Any], at: int) -> bool:
    fuse = Fuse(at)

    def run() -> None:
        for name in POINTS:
            patch(name, fuse.around(import_string(name))).start()
        work()

    return was_killed(run)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_anywhere_leaves_it_to_the_next(fake: FakeStripe) -> None:
    story = Story(fake)
    for kind in SCENE:
        deliver(story.event(kind))

    died = 0
    for at in range(1, 60):
        until = clock.now() + timedelta(minutes=6 * at)  # each lease has run out by then
        was = armed(partial(sweep_inbox, stripe=fake, now=until), at % 7 + 1)
        died += was
        if not was and not StripeEvent.objects.filter(status="WAITING").exists():
            break
    for days in (3, 4):  # what a receipt wakes is read by the sweep after it
        sweep_inbox(stripe=fake, now=clock.now() + timedelta(days=days))

    assert died >= 5
    assert not StripeEvent.objects.filter(status__in=["WAITING", "FAILED"]).exists()
    assert story.end() == {**END, "led by": story.names["subscription"]}
    assert list(verification.verify()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["subscription", "customer"])
def test_what_ended_at_stripe_ends_here_in_either_order(shop: Shop, first: str) -> None:
    shop.plan = shop.world.plan(stripePriceId="price_pro")
    complete(shop, checkout(shop)["sessionId"])
    (theirs,) = shop.stripe.things("subscription")
    customer = shop.customer
    shop.stripe.set(theirs["id"], status="canceled")
    shop.stripe.delete_customer(customer_id=customer, idempotency_key="k")
    told = {
        "subscription": ("customer.subscription.deleted", theirs["id"]),
        "customer": ("customer.deleted", customer),
    }
    order = [first, *(name for name in told if name != first)]

    for name in order * 2:
        kind, thing = told[name]
        number = StripeEvent.objects.count()
        shop.tell(kind, name, thing, id=f"evt_x{number}")
    compare_later(shop)

    assert (shop.customer, Profile.objects.get().payment_method) == ("", "")
    assert not StripeEvent.objects.filter(status__in=["WAITING", "FAILED"]).exists()
    if first == "subscription":
        assert Subscription.objects.get().status == "CANCELLED"


def compare_later(shop: Shop) -> None:
    shop.read(at=clock.now() + timedelta(days=1))


def _object(kind: str) -> str:
    return "subscription" if "subscription" in kind else kind.partition(".")[0]


@pytest.mark.django_db
def test_the_type_says_nothing_that_the_object_does_not(stripe: FakeStripe) -> None:
    """Whatever type of the contract an object is told under, what it is now is taken over."""
    story = Story(stripe)
    more = {kind: SCENE.get(kind) or _object(kind) for kind in CONTRACT}
    story.tell("checkout.session.completed", "invoice.paid")
    before = story.end()

    for kind, object_type in more.items():
        with undone(stripe):
            said = event(kind, object_type, story.names[object_type], id=f"evt_more_{kind}")
            assert deliver(said).status_code == 200
            story.shop.read()
            after = story.end()
            assert StripeEvent.objects.get(pk=said["id"]).status in {"DONE", "KEPT"}
            assert {**after, "refunded": [], "dispute": []} == {
                **before,
                "refunded": [],
                "dispute": [],
                "method": after["method"],
            }


@pytest.mark.django_db(transaction=True)
def test_the_catalogue_is_read_by_one_worker_at_a_time(shop: Shop) -> None:
    """A product and its price make the same plan: two workers would make two."""
    deliver(event("product.created", "product", "prod_1", id="evt_product"))
    plans = PlanVersion.objects.count()

    def hold() -> str:
        try:
            with serialized("stripe:catalogue") as is_mine:
                assert is_mine
                with ThreadPoolExecutor(max_workers=1) as other:
                    other.submit(work).result()
                return StripeEvent.objects.get(pk="evt_product").status
        finally:
            connection.close()

    def work() -> None:
        try:
            read_event("evt_product", stripe=shop.stripe, now=clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        assert pool.submit(hold).result() == "WAITING"
    assert PlanVersion.objects.count() == plans
