"""What of ours differs from Stripe's, after what it has was taken over: for staff to look at.

Says which things differ and amounts, never what stands there of a person.
"""

from __future__ import annotations

from typing import Final

from billing.kernel.money import Money
from billing.models import Account, Subscription
from billing.stripe.gateway import Party
from billing.stripe.values import ChargeState, CustomerState, SubscriptionState
from billing.subscriptions.models import SubscriptionStatus
from paying.buying.saying import party_of
from paying.models import Profile, Receipt
from tenants.models import Tenant

OVER: Final = frozenset({"canceled", "incomplete_expired"})
BOTH_ASK: Final = "we invoice, and a subscription of Stripe's asks for money too"


def of_customer(account: Account, state: CustomerState) -> str:
    """Say what Stripe has otherwise of a customer, unless it is about to be told."""
    if state.reference is not None and state.reference != account.pk:
        return f"there it is account {state.reference}"
    tenant = Tenant.objects.filter(account_id=account.pk).first()
    if tenant is None or state.party is None or account.closed_at is not None:
        return ""
    if Profile.objects.filter(pk=account.pk, tell_at__isnull=False).exists():
        return ""
    ours, theirs = _said(party_of(tenant)), _said(state.party)
    if not theirs["name"] and ours["name"] in {theirs["e-mail"], state.id}:
        del ours["name"]  # one without a name was taken over under what it has
    other = [name for name, value in ours.items() if value and theirs.get(name) != value]
    return f"another {', '.join(other)} there" if other else ""


def _said(party: Party) -> dict[str, object]:
    address = {name: value for name, value in party.address.items() if value}
    return {"name": party.name, "e-mail": party.email, "address": address}


def of_subscription(ours: Subscription | None, state: SubscriptionState) -> str:
    """Say what differs from a subscription that leads, or should not."""
    if ours is None:
        return "" if state.status in {*OVER, "incomplete"} else BOTH_ASK
    if ours.status == SubscriptionStatus.CANCELLED:
        return "" if state.status in OVER else f"ours has ended, there it is {state.status}"
    if ours.plan_version.stripe_price_id != state.price_id:
        return f"ours is on {ours.plan_version.stripe_price_id or 'no price'}"
    return ""


def of_money(name: str, taken: Money, *, is_taken: bool) -> str:
    """Say whether what was received of a payment or an invoice is what Stripe took."""
    receipt = Receipt.objects.filter(pk=name).first()
    if receipt is None:
        return f"took {_words(taken)}, nothing was received" if is_taken and taken else ""
    received = Money(receipt.amount_minor, receipt.currency)
    if not is_taken or received != taken:
        return f"{_words(received)} were received"
    return ""


def of_charge(receipt: Receipt, state: ChargeState) -> str:
    """Say whether what went back of it is known, and fits somewhere."""
    if receipt.unexplained_minor:
        left = Money(receipt.unexplained_minor, receipt.currency)
        return f"{_words(left)} fit no invoice"
    gone = min(state.refunded.minor, receipt.amount_minor)
    if receipt.refunded_minor < gone:
        return f"{_words(Money(receipt.refunded_minor, receipt.currency))} went back here"
    return ""


def _words(money: Money) -> str:
    return f"{money.amount} {money.currency}"
