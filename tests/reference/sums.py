"""From lines to what is due: discounts, tax, credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tests.reference.calendar_time import instant_of, local, months_later
from tests.reference.money import rounded, spread


@dataclass
class Reduction:
    """A discount of a subscription; `first` is the periodStart of the first invoice it reduced."""

    given: datetime
    percent: Fraction | None
    amount: int | None
    months: int | None
    first: datetime | None = None

    def applies(self, start: datetime, end: datetime, zone: str) -> bool:
        """Tell whether an invoice for [start, end) is reduced; start = end: a first fee's."""
        in_time = self.given < end or self.given <= start == end
        if self.first is None or self.months is None:
            return in_time
        until = instant_of(months_later(local(self.first, zone), self.months), zone)
        return in_time and start < until


@dataclass
class Grant:
    """Credit that is left of a grant, in minor units."""

    left: int
    expires_at: datetime | None


def taken_off(base: int, reductions: Sequence[Reduction]) -> list[int]:
    """Return what each takes off a base: percentages first, then amounts, never below zero."""
    left = max(0, base)
    off = [0] * len(reductions)
    for number, reduction in enumerate(reductions):
        if reduction.percent is not None:
            off[number] = min(left, rounded(left * reduction.percent / 100))
            left -= off[number]
    for number, reduction in enumerate(reductions):
        if reduction.amount is not None:
            off[number] = min(left, reduction.amount)
            left -= off[number]
    return off


def discount_shares(amounts: Sequence[int], reductions: Sequence[Reduction]) -> list[int]:
    """Return each line's share of all that is taken off them together."""
    return spread(sum(taken_off(sum(amounts), reductions)), amounts)


def tax_by_rate(lines: Sequence[tuple[int, Fraction]]) -> Mapping[Fraction, int]:
    """Return the tax of (discounted amount, rate in percent), rounded once for each rate."""
    rates = {rate for _, rate in lines}
    return {
        rate: rounded(sum(amount for amount, other in lines if other == rate) * rate / 100)
        for rate in rates
    }


def use_credits(due: int, grants: Sequence[Grant], at: datetime) -> int:
    """Use up credit for what is due, the soonest to expire first; return how much was used."""
    alive = [grant for grant in grants if grant.expires_at is None or grant.expires_at > at]
    ending = sorted(
        (grant for grant in alive if grant.expires_at), key=lambda grant: str(grant.expires_at)
    )
    used = 0
    for grant in [*ending, *(grant for grant in alive if not grant.expires_at)]:
        part = min(grant.left, due - used)
        grant.left -= part
        used += part
    return used
