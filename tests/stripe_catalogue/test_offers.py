"""What a product and its prices are as plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.stripe.catalogue.offers import offers_of

PRODUCT = {"id": "prod_1", "name": "Pro Plan", "description": "All of it", "active": True}


def price(name: str = "price_1", **fields: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    base = {
        "id": name,
        "active": True,
        "billing_scheme": "per_unit",
        "created": 1,
        "currency": "usd",
        "lookup_key": None,
        "nickname": None,
        "recurring": recurring | fields.pop("recurring", {}),
        "unit_amount": 4900,
    }
    return base | fields


def test_a_price_is_a_plan_that_is_paid_in_advance() -> None:
    offers, unmapped = offers_of(PRODUCT, [price()])

    assert unmapped == []
    assert [(one.code, one.name, one.is_active) for one in offers] == [
        ("pro-plan", "Pro Plan", True)
    ]
    terms = offers[0].terms
    assert terms is not None
    assert (terms.price, terms.currency, terms.interval) == (Decimal(49), "USD", "MONTH")
    assert (terms.pay_in_advance, terms.stripe_price_id) == (True, "price_1")


def test_the_newest_of_several_active_prices_holds() -> None:
    rows = [price("price_new", created=9, unit_amount=5900), price("price_old", created=2)]

    (offer,), _ = offers_of(PRODUCT, rows)

    assert offer.terms is not None
    assert offer.terms.stripe_price_id == "price_new"
    assert offer.price_ids == {"price_new", "price_old"}


def test_another_interval_is_another_plan() -> None:
    rows = [price(), price("price_2", created=2, recurring={"interval": "year"})]

    offers, _ = offers_of(PRODUCT, rows)

    assert [(one.code, one.name, one.interval) for one in offers] == [
        ("pro-plan", "Pro Plan", "MONTH"),
        ("pro-plan-usd-year", "Pro Plan (year)", "YEAR"),
    ]


@pytest.mark.parametrize("archived", [{"product": False}, {"price": False}])
def test_what_is_archived_is_offered_no_more(archived: dict[str, bool]) -> None:
    product = PRODUCT | {"active": archived.get("product", True)}

    (offer,), _ = offers_of(product, [price(active=archived.get("price", True))])

    assert (offer.is_active, offer.terms) == (False, None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"recurring": {"interval": "month", "interval_count": 2}}, "its interval is 2 months"),
        ({"recurring": {"usage_type": "metered"}}, "it bills what is metered at Stripe"),
        ({"billing_scheme": "tiered", "unit_amount": None}, "it has tiers or packages"),
        ({"unit_amount": None}, "its amount has fractions of the smallest unit"),
        ({"currency": "xxx"}, "we have no XXX"),
    ],
)
def test_what_is_no_plan_says_why(fields: dict[str, Any], reason: str) -> None:
    offers, unmapped = offers_of(PRODUCT, [price(**fields)])

    assert offers == []
    assert [one.reason for one in unmapped] == [reason]


def test_a_price_that_is_paid_once_is_none() -> None:
    _, unmapped = offers_of(PRODUCT, [price() | {"recurring": None}])

    assert [one.reason for one in unmapped] == ["it is paid once"]


@pytest.mark.parametrize(
    ("currency", "amount", "said"),
    [("jpy", 500, Decimal(500)), ("usd", 0, Decimal(0)), ("kwd", 1230, Decimal("1.23"))],
)
def test_amounts_have_the_decimals_of_their_currency(
    currency: str, amount: int, said: Decimal
) -> None:
    (offer,), _ = offers_of(PRODUCT, [price(currency=currency, unit_amount=amount)])

    assert offer.terms is not None
    assert offer.terms.price == said


def test_a_trial_and_a_code_are_read_from_the_metadata() -> None:
    product = PRODUCT | {"metadata": {"trial_days": "14", "plan_code": "gold"}}

    (offer,), _ = offers_of(product, [price()])

    assert offer.terms is not None
    assert (offer.code, offer.terms.trial_days) == ("gold", 14)
