"""Discounts: given, and which of them an invoice has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Min

from billing.accounts.models import LockedAccount
from billing.kernel.decimals import parse_decimal
from billing.kernel.errors import invalid
from billing.kernel.money import LARGEST_GIVEN, parse_amount
from billing.kernel.periods import Interval, PeriodOutOfRange, boundary
from billing.kernel.reads import AnyOf, Read
from billing.kernel.services import service
from billing.kernel.zones import zone
from billing.subscriptions.acting import begin_action, finish, state_of
from billing.subscriptions.fee_models import MOST_MONTHS, Discount, DiscountUse
from billing.subscriptions.models import Subscription, SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountTerms:
    """A percentage (above 0, at most 100) or an amount of minor units, for how long, and why.

    `source_id` names the coupon's redemption that it comes from, `code` the coupon.
    """

    percent: Decimal | None = None
    amount_minor: int | None = None
    duration_months: int | None = None
    reason: str = ""
    code: str = ""
    source_id: UUID | None = None


def percent_off(value: object) -> Decimal:
    """Read a percentage of a request: above 0, at most 100. Raises InvalidRequest."""
    try:
        percent = parse_decimal(value)
    except ValueError as error:
        raise invalid("discountPercent", str(error)) from None
    if not 0 < percent <= 100:
        raise invalid("discountPercent", "must be above 0, at most 100")
    return percent


def amount_off(value: object, currency: str) -> int:
    """Read an amount off in minor units: above zero. Raises InvalidRequest."""
    try:
        money = parse_amount(value, currency)
    except ValueError as error:
        raise invalid("discountAmount", f"{error} in {currency}") from None
    if money.minor <= 0:
        raise invalid("discountAmount", "must be above zero")
    if money.major > LARGEST_GIVEN:
        raise invalid("discountAmount", f"must be at most {LARGEST_GIVEN}")
    return money.minor


@service
def give_discount(
    *, account_id: UUID, subscription_id: UUID, terms: DiscountTerms, now: datetime
) -> Subscription:
    """Take something off the invoices of periods that end after now.

    Raises NotFound, InvalidTransition, InvalidRequest.
    """
    acting = begin_action(account_id=account_id, subscription_id=subscription_id, now=now)
    subscription = acting.subscription
    subscription.require_live(to=SubscriptionStatus.ACTIVE)
    before = state_of(subscription)
    add_discount(acting.account, subscription, terms, effective_at=now, now=now)
    return finish(subscription, "discounted", before, now=now)


def add_discount(
    account: LockedAccount,
    subscription: Subscription,
    terms: DiscountTerms,
    *,
    effective_at: datetime,
    now: datetime,
) -> Discount:
    """Write a discount within the caller's transaction. Raises InvalidRequest for what can't be."""
    months = terms.duration_months
    if (terms.percent is None) == (terms.amount_minor is None):
        raise invalid("discountPercent", "give either discountPercent or discountAmount")
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise invalid("durationMonths", f"must be from 1 to {MOST_MONTHS}")
    return Discount.objects.create(
        account=account,
        subscription=subscription,
        position=subscription.discounts.count(),
        percent=terms.percent,
        amount_minor=terms.amount_minor,
        duration_months=months,
        reason=terms.reason,
        code=terms.code,
        source_id=terms.source_id,
        effective_at=effective_at,
        created_at=now,
    )


DISCOUNTS: Final[Read[Discount]] = Read(
    lambda: (
        Discount.objects.filter(AnyOf("subscription_id", 0, "uuid"))
        .annotate(first_start=Min("uses__period_start"))
        .order_by("position")
    )
)


def read_discounts(subscription_ids: Sequence[UUID]) -> dict[UUID, list[Discount]]:
    """Return all discounts of subscriptions in their order, each with its `first_start`: when the
    first period began whose invoice it was on.
    """
    found: dict[UUID, list[Discount]] = {}
    for row in DISCOUNTS(list(subscription_ids)):
        found.setdefault(row.subscription_id, []).append(row)
    return found


def discounts_on(
    subscription: Subscription,
    *,
    period_start: datetime,
    period_end: datetime,
    known: Mapping[UUID, list[Discount]] | None = None,
) -> list[Discount]:
    """Return the discounts of an invoice for [period_start, period_end), as they are taken off.

    That is: percentages first, then amounts, each in the order in which they were given. The first
    invoice in advance has an empty period: what was given by its start is on it. A use on a void
    invoice does not count, so it does not begin a duration. `known` are those of `read_discounts`,
    where they were read for many.
    """
    rows = known if known is not None else read_discounts([subscription.id])
    found = [
        row
        for row in rows.get(subscription.id, ())
        if _is_given(row, period_start, period_end)
        and _still_lasts(row, row.first_start, period_start, subscription.timezone)  # type: ignore[attr-defined]
    ]
    return sorted(found, key=lambda row: row.percent is None)


def _is_given(row: Discount, start: datetime, end: datetime) -> bool:
    return row.effective_at <= start if start == end else row.effective_at < end


def _still_lasts(
    row: Discount, first_start: datetime | None, period_start: datetime, timezone: str
) -> bool:
    ends = ends_at(row, first_start, timezone)
    return ends is None or period_start < ends


def ends_at(row: Discount, first_start: datetime | None, timezone: str) -> datetime | None:
    """Return the instant from which on periods begin without it; None: not known, or never."""
    if row.duration_months is None or first_start is None:
        return None
    try:
        return boundary(
            anchor=first_start,
            zone=zone(timezone),
            interval=Interval.MONTH,
            index=row.duration_months,
        )
    except PeriodOutOfRange:
        return None


def remember_uses(
    account: LockedAccount,
    uses: Sequence[tuple[UUID, int]],
    *,
    invoice_id: UUID,
    period_start: datetime,
) -> None:
    """Write what each discount took off a finalized invoice, in minor units: it lasts from here."""
    DiscountUse.objects.bulk_create(
        DiscountUse(
            account=account,
            discount_id=discount_id,
            invoice_id=invoice_id,
            period_start=period_start,
            amount_minor=amount,
        )
        for discount_id, amount in uses
        if amount
    )


def give_uses_back(*, invoice_id: UUID) -> None:
    """Forget what a void invoice used."""
    DiscountUse.objects.filter(invoice_id=invoice_id).delete()
