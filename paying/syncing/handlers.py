"""Who reads which kind of object. Each fetches it anew and takes over what Stripe has now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from django.conf import settings

from billing.stripe.catalogue import taking
from billing.stripe.gateway import Gateway
from billing.stripe.objects import objects
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


def sync_price(name: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over the product of a price, where Stripe leads the catalogue."""
    return _catalogue(taking.sync_price, name, now=now)


def sync_product(name: str, *, stripe: Gateway, now: datetime) -> Done:
    """Take over a product, where Stripe leads the catalogue."""
    return _catalogue(taking.sync_product, name, now=now)


def _catalogue(sync: Callable[..., list[taking.Outcome]], name: str, *, now: datetime) -> Done:
    if taking.leads() != "STRIPE" or not settings.BILLING["STRIPE_SECRET_KEY"]:
        return Done("the catalogue is not led by Stripe", is_ours=False)
    found = sync(name, stripe=objects(), now=now)
    return Done("; ".join(f"{code} {said}" for code, said in found) or "no plan of ours")


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
