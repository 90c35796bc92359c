"""A period's fees as lines: which part of which plan's fee, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.catalog.terms import PlanTerms, plan_terms
from billing.kernel.money import Money
from billing.kernel.periods import Period
from billing.kernel.reads import AnyOf, Read
from billing.subscriptions import fee_items, periods
from billing.subscriptions.fee_models import FeeItem, SubscriptionPause
from billing.subscriptions.models import InvoiceDue, Subscription, SubscriptionPeriod

Kind = InvoiceDue.Kind
Type = FeeItem.Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A part of a plan's fee: a PLAN line, or a PRORATION line where `type` is not FEE.

    `gross` is the rounded amount before discounts, not negative, of a CREDIT too. `item` is None
    for the fee of a period that has not begun.
    """

    type: str
    terms: PlanTerms
    period: Period
    seconds: int
    whole_seconds: int
    gross: Money
    item: FeeItem | None = None

    def given_back(self, *, net: Money, gross: Money) -> Money:
        """Return the (negative) amount of a CREDIT, at what the line that charged it cost.

        `net` and `gross` are that line's amount with and without its discount. Rounded once.
        """
        if not gross:
            return Money.zero(gross.currency)
        exact = Fraction(self.terms.fee.major) * self.seconds / self.whole_seconds
        return Money.rounded(-exact * net.minor / gross.minor, gross.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFees:
    """What fees are made of: the items of periods and of their invoices, in order, and all pauses,
    by subscription.
    """

    items: Mapping[UUID, list[FeeItem]]
    pauses: Mapping[UUID, list[SubscriptionPause]]


def read_fees(of: Sequence[SubscriptionPeriod]) -> KnownFees:
    """Read what the fees of these periods and of their invoices are made of: two queries."""
    subscriptions = [period.subscription_id for period in of]
    sequences = sorted({period.sequence for period in of})
    items: dict[UUID, list[FeeItem]] = {}
    for item in ITEMS([period.pk for period in of], subscriptions, sequences):
        items.setdefault(item.subscription_id, []).append(item)
    pauses: dict[UUID, list[SubscriptionPause]] = {}
    for pause in PAUSES(subscriptions):
        pauses.setdefault(pause.subscription_id, []).append(pause)
    return KnownFees(items=items, pauses=pauses)


def _items() -> QuerySet[FeeItem]:
    """Those of the periods, and those on the invoices of all the sequences: of many subscriptions
    at unlike sequences that is some more than their own, which nobody looks at.
    """
    on_invoices = Q(
        AnyOf("subscription_id", 1, "uuid"),
        AnyOf("bill_sequence", 2, "bigint"),
    )
    wanted = Q(AnyOf("period_id", 0, "uuid")) | on_invoices
    return FeeItem.objects.filter(wanted).select_related("plan_version").order_by("id")


ITEMS: Final[Read[FeeItem]] = Read(_items)
PAUSES: Final[Read[SubscriptionPause]] = Read(
    lambda: SubscriptionPause.objects.filter(AnyOf("subscription_id", 0, "uuid"))
)


def fees_of(
    subscription: Subscription,
    period: SubscriptionPeriod,
    kind: InvoiceDue.Kind,
    known: KnownFees | None = None,
) -> tuple[Fee, ...]:
    """Return the fees that an invoice of this kind for this period shows, in their order.

    With payInAdvance the open period's invoice shows the fee of the period that follows, which is
    not written down before that begins. `known` has what was read for many periods at once.
    """
    known = known or read_fees([period])
    items = [
        item
        for item in known.items.get(subscription.id, ())
        if (item.bill_sequence, item.bill_kind) == (period.sequence, kind)
    ]
    fees = list(_fees(items, known.pauses.get(subscription.id, [])))
    coming = _coming(subscription, period) if kind == Kind.PERIOD else None
    return tuple(sorted([*fees, *([coming] if coming else [])], key=lambda fee: fee.type != "FEE"))


def own_fees(period: SubscriptionPeriod, known: KnownFees | None = None) -> dict[UUID, Money]:
    """Return the fee of a period's own time by plan version, before discounts, less what was
    given back, whatever invoice shows it.
    """
    known = known or read_fees([period])
    items = [
        item for item in known.items.get(period.subscription_id, ()) if item.period_id == period.pk
    ]
    sums: dict[UUID, Money] = {}
    for fee in _fees(items, known.pauses.get(period.subscription_id, [])):
        before = sums.get(fee.terms.version_id, Money.zero(fee.terms.currency))
        gross = -fee.gross if fee.type == Type.CREDIT else fee.gross
        sums[fee.terms.version_id] = before + gross
    return sums


def _fees(items: Sequence[FeeItem], pauses: Sequence[SubscriptionPause]) -> Iterable[Fee]:
    if not items:
        return
    credited = _first_credits(items) if pauses else {}
    for item in items:
        seconds = Period(item.start_at, item.end_at).seconds
        if item.type != Type.CREDIT and not item.plan_version.pay_in_advance:
            until = min(item.end_at, credited.get(item.pk, item.end_at))
            seconds -= paused_seconds(Period(item.start_at, max(item.start_at, until)), pauses)
        if seconds or item.type == Type.FEE:
            yield _fee(item, seconds)


def _fee(item: FeeItem, seconds: int) -> Fee:
    terms = plan_terms(item.plan_version_id)
    return Fee(
        type=item.type,
        terms=terms,
        period=Period(item.start_at, item.end_at),
        seconds=seconds,
        whole_seconds=item.whole_seconds,
        gross=fee_for(terms, seconds, item.whole_seconds),
        item=item,
    )


def fee_for(terms: PlanTerms, seconds: int, whole_seconds: int) -> Money:
    """Round the part of a plan's fee for so many seconds of a full period's."""
    exact = Fraction(terms.fee.major) * Fraction(seconds, whole_seconds)
    return Money.rounded(exact, terms.currency)


def paused_seconds(stretch: Period, pauses: Iterable[SubscriptionPause]) -> int:
    """Return the whole seconds of a stretch in which the subscription was paused."""
    total = 0
    for pause in pauses:
        end = max(pause.start_at, pause.end_at or stretch.end)
        met = stretch.overlap(Period(pause.start_at, end))
        total += met.seconds if met else 0
    return total


def _first_credits(items: Sequence[FeeItem]) -> Mapping[int, datetime]:
    """Return when each item was first taken back for good: later pauses touch it no more."""
    rows = FeeItem.objects.filter(of__in=[item.pk for item in items]).exclude(
        reason=FeeItem.Reason.PAUSE
    )
    first: dict[int, datetime] = {}
    for of_id, start_at in rows.values_list("of_id", "start_at"):
        assert of_id is not None
        first[of_id] = min(start_at, first.get(of_id, start_at))
    return first


def _coming(subscription: Subscription, period: SubscriptionPeriod) -> Fee | None:
    """Return the fee in advance of the period that follows the open one, where there will be one.

    Paused, it waits; cancelled with this period, there is none; charged early, it is written down.
    """
    version = subscription.pending_plan_version or subscription.plan_version
    is_ending = subscription.ended_at is not None or subscription.cancel_at_period_end
    if not version.pay_in_advance or is_ending or subscription.paused_at is not None:
        return None
    later = SubscriptionPeriod.objects.filter(
        subscription=subscription, sequence__gt=period.sequence
    )
    if later.exists() or not fee_items.is_open(period):
        return None
    terms = plan_terms(version.pk)
    following = periods.following(period, subscription)
    return Fee(
        type=Type.FEE,
        terms=terms,
        period=following,
        seconds=following.seconds,
        whole_seconds=following.seconds,
        gross=terms.fee,
    )
