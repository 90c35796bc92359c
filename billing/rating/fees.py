"""A period's plan fee: in full at its end, or of the period to come where it is paid in advance."""

from __future__ import annotations

from dataclasses import dataclass

from billing.catalog.terms import PlanTerms, plan_terms
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.subscriptions import periods
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

Kind = InvoiceDue.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A PLAN line: the fee of one period of its own."""

    terms: PlanTerms
    period: Period
    amount: Money


def fees_of(
    subscription: Subscription, period: SubscriptionPeriod, kind: InvoiceDue.Kind
) -> tuple[Fee, ...]:
    """Return the fees that an invoice of this kind for this period charges.

    START: the first period's, in advance. PERIOD: its own, in arrears; with payInAdvance that of
    the period that follows, unless the subscription ends with this one.
    """
    terms = plan_terms(subscription.plan_version_id)
    own = Period(period.start_at, period.end_at)
    if kind == Kind.START:
        return (Fee(terms=terms, period=own, amount=terms.fee),)
    if not terms.pay_in_advance:
        return () if period.is_trial else (Fee(terms=terms, period=own, amount=terms.fee),)
    if subscription.ended_at is not None or subscription.cancel_at_period_end:
        return ()
    period.subscription = subscription
    following = periods.following(period, subscription.plan_version)
    return (Fee(terms=terms, period=following, amount=terms.fee),)


def own_fee(period: SubscriptionPeriod, terms: PlanTerms) -> Money:
    """Return the fee that belongs to a period itself, whenever it is charged."""
    return Money.zero(terms.currency) if period.is_trial else terms.fee
