"""The cost of shared and unlabelled usage shared out over cost centers: exactly, in one step.

Direct cost first: each charge's line is shared by the quantities of (cost center, stretch of
rules). Then each rule takes what its source has directly in its stretch, once, and shares it out.
What a center receives is not shared out again, so rules can't go in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from billing.kernel.decimals import exact
from billing.kernel.money import Money
from costs.shares import shared

Center = UUID | None
WHOLE: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as it is applied. `weights`: percentages, or the quantities of its meter."""

    id: UUID
    source: Center
    metric_type: str
    start: datetime
    end: datetime | None
    weights: Mapping[UUID, Decimal]
    is_percentage: bool

    def holds_at(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part of the usage cost: whose it is directly, of which meter, in the stretch from `at`.

    `metric_type` is empty for a minimum commitment, which no meter has caused.
    """

    center: Center
    metric_type: str
    at: datetime
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """What each center has directly and by rules; `unallocated` is the rest."""

    direct: Mapping[UUID, Money]
    received: Mapping[UUID, Money]
    given: Mapping[UUID, Money]
    unallocated: Money

    def spend(self, center: UUID) -> Money:
        return self.direct[center] + self.received[center] - self.given[center]


def allocate(
    leaves: Iterable[Leaf], rules: Sequence[Rule], centers: Sequence[UUID], currency: str
) -> Allocated:
    """Put the leaves together and apply the rules. Spends and `unallocated` sum to the leaves."""
    nothing = Money.zero(currency)
    direct = dict.fromkeys(centers, nothing)
    unlabelled = nothing
    taken: dict[UUID, Money] = {}
    by_id = {rule.id: rule for rule in rules}
    for leaf in leaves:
        center = leaf.center if leaf.center in direct else None
        if center is None:
            unlabelled += leaf.cost
        else:
            direct[center] += leaf.cost
        rule = rule_for(center, leaf, rules)
        if rule is not None:
            taken[rule.id] = taken.get(rule.id, nothing) + leaf.cost
    received = dict.fromkeys(centers, nothing)
    given = dict.fromkeys(centers, nothing)
    for rule_id, amount in sorted(taken.items()):
        rule = by_id[rule_id]
        for center, part in parts_of(rule, amount).items():
            if center == rule.source or center not in received:
                continue  # what would come back stays
            received[center] += part
            if rule.source is None:
                unlabelled -= part
            else:
                given[rule.source] += part
    return Allocated(direct=direct, received=received, given=given, unallocated=unlabelled)


def rule_for(center: Center, leaf: Leaf, rules: Sequence[Rule]) -> Rule | None:
    """Return the rule of a leaf: one of its meter before one of all meters."""
    own = [rule for rule in rules if rule.source == center and rule.holds_at(leaf.at)]
    of_meter = [rule for rule in own if rule.metric_type and rule.metric_type == leaf.metric_type]
    of_all = [rule for rule in own if not rule.metric_type]
    return next(iter([*of_meter, *of_all]), None)


def parts_of(rule: Rule, amount: Money) -> dict[UUID, Money]:
    """Share an amount out by a rule. Percentages below 100 leave a rest with the source."""
    weights: dict[Center, Decimal] = {
        key: value for key, value in rule.weights.items() if value > 0
    }
    if not weights:
        return {}
    if rule.is_percentage:
        with exact():
            rest = WHOLE - sum(weights.values(), Decimal(0))
        if rest > 0:
            weights[None] = rest
    parts, _ = shared(amount, weights)
    return {center: part for center, part in parts.items() if center is not None}
