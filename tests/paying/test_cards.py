"""A new card is tried on what is unpaid, whenever it comes, and once."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from billing.kernel import clock
from invoicing.models import Invoice
from paying.choosing import choose_mode
from paying.models import Collection, Profile
from paying.money import collecting, pushing
from paying.money.methods import note_method
from tests.paying.conftest import Shop
from tests.paying.test_collecting import due, state

__all__ = ["due"]

pytestmark = pytest.mark.django_db


def test_a_new_card_is_tried_at_once(shop: Shop, due: Invoice) -> None:
    shop.stripe.decline = ["expired_card"]
    shop.collect()

    shop.stripe.set(shop.customer, payment_method="pm_new")
    shop.tell("customer.updated", "customer", shop.customer)
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")
    assert [row["method"] for row in shop.stripe.things("intent")] == ["pm_card_visa", "pm_new"]


def test_a_card_noted_while_the_customer_is_read_is_not_new_once_more(
    shop: Shop, due: Invoice
) -> None:
    """An old reading, written over the new card, would have it declined again as if it were new."""
    shop.stripe.set(shop.customer, payment_method="")
    shop.collect()
    shop.stripe.decline = ["insufficient_funds"] * 9
    read = shop.stripe.customer

    def read_before_the_checkout(**asked: Any) -> Any:
        state = read(**asked)
        if state and state.payment_method == "":
            shop.stripe.set(shop.customer, payment_method="pm_new")
            note_method(account_id=shop.id, payment_method="pm_new", now=clock.now())
            shop.collect()
        return state

    with patch.object(shop.stripe, "customer", read_before_the_checkout):
        row = shop.tell("customer.updated", "customer", shop.customer)
    assert row.outcome == "as we know it"
    shop.tell("customer.updated", "customer", shop.customer)
    shop.collect()

    assert Profile.objects.get().payment_method == "pm_new"
    assert len(shop.stripe.things("intent")) == 1


@pytest.mark.parametrize("way", ["INTENT", "INVOICE"])
def test_a_card_that_comes_while_the_old_one_is_declined_is_tried_at_once(
    shop: Shop, due: Invoice, way: str
) -> None:
    """The attempt is under way when the event of the new card is read: it waits for no pause."""
    choose_mode(account_id=shop.id, mode="COLLECT", way=way, now=clock.now())
    shop.stripe.decline = ["expired_card"]
    settled = "settle_push" if way == "INVOICE" else "settle_intent"
    place = pushing if way == "INVOICE" else collecting
    settle = getattr(place, settled)

    def after_the_new_card(**taken: Any) -> Any:
        shop.stripe.set(shop.customer, payment_method="pm_new")
        shop.tell("customer.updated", "customer", shop.customer)
        return settle(**taken)

    with patch.object(place, settled, after_the_new_card):
        shop.collect()
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")
    assert Collection.objects.get().tell_at is None


def test_a_card_that_comes_before_the_attempt_is_recorded_is_not_missed(
    shop: Shop, due: Invoice
) -> None:
    shop.stripe.set(shop.customer, payment_method="")
    read = shop.stripe.customer

    def read_before_the_card(**asked: Any) -> Any:
        state = read(**asked)
        if state and state.payment_method == "":
            shop.stripe.set(shop.customer, payment_method="pm_new")
            note_method(account_id=shop.id, payment_method="pm_new", now=clock.now())
        return state

    with patch.object(shop.stripe, "customer", read_before_the_card):
        shop.collect()
    shop.collect()

    assert state(shop) == ("PAID", "ENDED")
