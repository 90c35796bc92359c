"""Who reads which kind of object. Each fetches it anew and takes over what Stripe has now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from billing.stripe.gateway import Gateway
from paying.syncing.catalogue import sync_price, sync_product
from paying.syncing.charges import sync_charge, sync_dispute
from paying.syncing.checkouts import sync_checkout
from paying.syncing.customers import sync_customer
from paying.syncing.done import Done
from paying.syncing.intents import sync_intent
from paying.syncing.invoices import sync_invoice
from paying.syncing.subscriptions import sync_subscription


class Handler(Protocol):
    """Takes over what Stripe has of the object with this id. Safe to repeat; real time."""

    def __call__(self, name: str, /, *, stripe: Gateway, now: datetime) -> Done: ...


HANDLERS: Final[Mapping[str, Handler]] = {
    "charge": sync_charge,
    "checkout.session": sync_checkout,
    "customer": sync_customer,
    "dispute": sync_dispute,
    "invoice": sync_invoice,
    "payment_intent": sync_intent,
    "price": sync_price,
    "product": sync_product,
    "subscription": sync_subscription,
}
