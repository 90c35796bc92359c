"""Who reads which kind of object. Each fetches it anew and takes over what Stripe has now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from billing.stripe.gateway import Gateway
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


def keep_catalogue(name: str, *, stripe: Gateway, now: datetime) -> Done:
    """Prices and products: the catalogue is read as a whole, see there."""
    return Done("of the catalogue", is_ours=False)


HANDLERS: Final[Mapping[str, Handler]] = {
    "charge": sync_charge,
    "checkout.session": sync_checkout,
    "customer": sync_customer,
    "dispute": sync_dispute,
    "invoice": sync_invoice,
    "payment_intent": sync_intent,
    "price": keep_catalogue,
    "product": keep_catalogue,
    "subscription": sync_subscription,
}
