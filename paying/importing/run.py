"""The import as a whole: the catalogue first, then who buys, then what they bought."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from billing.stripe.catalogue.taking import ARCHIVED, CHANGED, KEPT, MADE, take_over
from billing.stripe.objects import StripeObjects
from paying.importing.contracts import take_subscription
from paying.importing.offers import take_code, take_coupon
from paying.importing.parties import take_balance, take_customer
from paying.importing.rows import Outcome, Row
from paying.records import Mode

OUTCOMES: Final = {
    MADE: Outcome.MADE,
    CHANGED: Outcome.CHANGED,
    ARCHIVED: Outcome.CHANGED,
    KEPT: Outcome.KEPT,
}


def import_all(
    *, stripe: StripeObjects, mode: Mode, currency: str, now: datetime, dry: bool = False
) -> Iterator[Row]:
    """Yield what came of each object, as it is done. What is known already is left as it is."""
    yield from _catalogue(stripe, now=now, dry=dry)
    for coupon in stripe.walk("coupon"):
        yield take_coupon(coupon, now=now, dry=dry)
    for code in stripe.walk("promotion_code"):
        coupon_of = stripe.one("coupon", str(code["promotion"]["coupon"]))
        yield take_code(code, coupon_of, now=now, dry=dry)
    yield from _customers(stripe, mode, currency, now=now, dry=dry)
    for found in stripe.walk("subscription"):
        yield take_subscription(found, stripe=stripe, mode=mode, now=now, dry=dry)


def _catalogue(stripe: StripeObjects, *, now: datetime, dry: bool) -> Iterator[Row]:
    for product in stripe.walk("product"):
        prices = list(stripe.walk("price", product=product["id"]))
        for code, said in take_over(product, prices, now=now, dry=dry):
            outcome = OUTCOMES.get(said, Outcome.LEFT)
            yield Row("plan", code, outcome, "" if said in OUTCOMES else said)


def _customers(
    stripe: StripeObjects, mode: Mode, currency: str, *, now: datetime, dry: bool
) -> Iterator[Row]:
    led = {str(row["customer"]) for row in stripe.walk("subscription")}
    for customer in stripe.walk("customer"):
        row, account_id = take_customer(customer, currency=currency, now=now, dry=dry)
        yield row
        if row.outcome is not Outcome.LEFT:
            leads = mode == Mode.LEAD and str(customer["id"]) in led
            balance = take_balance(customer, account_id, leads=leads, now=now, dry=dry)
            if balance is not None:
                yield balance
