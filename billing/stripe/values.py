"""What Stripe has, in our own words: frozen, with no field that we do not use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from billing.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Party:
    """What Stripe shall know of a customer. `address` has the names of a tenant's parts."""

    email: str
    name: str
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerState:
    """A customer. `reference` is our account, where it says so; `payment_method` its default;
    `party` what it knows of the customer.
    """

    id: str
    reference: UUID | None = None
    is_deleted: bool = False
    payment_method: str = ""
    party: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutOrder:
    """A page to buy on. With `price_id` Stripe subscribes; with `amount` it takes that amount once;
    with neither it takes down how to pay from now on, in `currency`.
    """

    reference: UUID
    customer_id: str
    success_url: str
    cancel_url: str
    currency: str
    price_id: str = ""
    trial_days: int = 0
    amount: Money | None = None
    description: str = ""
    invoice: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutState:
    """A checkout: `status` is open, complete or expired. `url` is there while it is open."""

    id: str
    url: str = ""
    status: str = "open"
    reference: UUID | None = None
    customer_id: str = ""
    subscription_id: str = ""
    payment_method: str = ""
    intent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentOrder:
    """An amount to take from a customer for one of our invoices.

    With `payment_method` it is taken at once, without the customer there; else the customer
    confirms it in the browser, with the intent's client secret. `reference` is our row of it.
    """

    reference: UUID
    invoice: UUID
    account: UUID
    customer_id: str
    amount: Money
    description: str
    payment_method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentState:
    """A payment intent. `status` is Stripe's word; `failure` its code for why it was not paid."""

    id: str
    status: str
    amount: Money
    received: Money
    reference: UUID | None = None
    invoice: UUID | None = None
    customer_id: str = ""
    client_secret: str = ""
    charge_id: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeState:
    """A charge, and what of it went back."""

    id: str
    amount: Money
    refunded: Money
    is_paid: bool
    is_disputed: bool = False
    intent_id: str = ""
    customer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeState:
    """A customer's bank wants money back. `status` is Stripe's word; lost: it is gone."""

    id: str
    charge_id: str
    amount: Money
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """A subscription of Stripe's own. `status` is Stripe's word, which surface A uses too."""

    id: str
    customer_id: str
    status: str
    price_id: str
    cancel_at_period_end: bool = False
    trial_end: datetime | None = None
    is_paused: bool = False
    reference: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeInvoiceLine:
    """A line that is told to Stripe, in minor units of the invoice's currency."""

    description: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOrder:
    """An invoice of ours that Stripe shall have, with these lines: `reference` is our row of it."""

    reference: UUID
    invoice: UUID
    account: UUID
    customer_id: str
    currency: str
    description: str
    lines: Sequence[StripeInvoiceLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceState:
    """An invoice at Stripe: draft, open, paid, void or uncollectible.

    `payment` is Stripe's word for the payment behind it, `failure` its code for why that was not
    paid, `page` where the customer may pay it. `reference` is our row, where it says so.
    """

    id: str
    status: str
    customer_id: str
    due: Money
    paid: Money
    subscription_id: str = ""
    reference: UUID | None = None
    invoice: UUID | None = None
    intent_id: str = ""
    charge_id: str = ""
    payment: str = ""
    failure: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventState:
    """An event's head: what happened to which object. The object itself is always fetched anew.

    `intent_id` is the payment intent that the object belongs to, where it says so.
    """

    id: str
    type: str
    object_type: str
    object_id: str
    customer_id: str
    livemode: bool
    api_version: str
    created_at: datetime
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, the newest first, and whether there are older ones."""

    events: Sequence[EventState]
    has_more: bool
