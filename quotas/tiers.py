"""The tier that an account is on, with its limits: read once for each state that they have.

A process keeps what it has read by plan and revision. Which plan and revision hold now, Postgres
is asked with each request, in one statement of a few index look-ups: so a change is seen by the
next request in every process, and nobody has to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from billing.kernel.statements import Statement

KEPT: Final = 1_000
PUBLIC: Final = "Public"
Row = tuple[str | None, ...]

CURRENT: Final = Statement(
    "quotas_tier",
    """
SELECT p.id::text, p.name, r.revision::text
FROM billing_subscription s
JOIN billing_planversion v ON v.id = s.plan_version_id
JOIN billing_plan p ON p.id = v.plan_id
LEFT JOIN quotas_tierrevision r ON r.plan_id = p.id
WHERE s.account_id = $1::uuid AND s.status <> 'CANCELLED'
""",
    shared=True,
)
CURRENT_PUBLIC: Final = Statement(
    "quotas_public_tier",
    """
SELECT p.id::text, p.name, r.revision::text
FROM billing_plan p
LEFT JOIN quotas_tierrevision r ON r.plan_id = p.id
WHERE p.name = $1::text AND p.is_active
ORDER BY p.sort_order, p.created_at, p.id
LIMIT 1
""",
)
# One statement, so that the limits and their revision are of one snapshot.
LIMITS: Final = Statement(
    "quotas_limits",
    """
SELECT r.revision::text, l.service_name, l.feature_key, l.value::text, l."window", l.description
FROM billing_plan p
LEFT JOIN quotas_tierrevision r ON r.plan_id = p.id
LEFT JOIN billing_planlimit l ON l.plan_id = p.id
WHERE p.id = $1::uuid
ORDER BY l.service_name, l.feature_key
""",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate (with a window) or a standing cap (without). −1: unlimited, 0: disabled."""

    service_name: str
    feature_key: str
    value: int
    window: str
    description: str


@dataclass(frozen=True)
class Limits:
    """A plan's limits in one state. Services and features are in the order of their names."""

    plan_id: str
    revision: str | None
    limits: tuple[Limit, ...]

    @cached_property
    def rates(self) -> Mapping[str, Mapping[str, Limit]]:
        """By service and feature: those with a window."""
        return _grouped([limit for limit in self.limits if limit.window])

    @cached_property
    def quotas(self) -> Mapping[str, Mapping[str, Limit]]:
        """By service and feature: the standing ones."""
        return _grouped([limit for limit in self.limits if not limit.window])


@dataclass(frozen=True, slots=True)
class Tier:
    """A plan by the name that it has now, and its limits."""

    name: str
    limits: Limits


_kept: dict[str, Limits] = {}


def tier_of(account_id: UUID) -> Tier | None:
    """Return the tier of the account's live subscription; None without one."""
    return _tier(CURRENT.rows(str(account_id)))


def public_tier() -> Tier | None:
    """Return the tier for whoever has no customer: the active one of that name, if there is one."""
    return _tier(CURRENT_PUBLIC.rows(PUBLIC))


def _tier(rows: list[Row]) -> Tier | None:
    if not rows:
        return None
    plan_id, name, revision = rows[0]
    assert plan_id is not None, "a plan has an id"
    found = _kept.get(plan_id)
    if found is None or found.revision != revision:
        found = _read(plan_id)
    return Tier(name or "", found)


def _read(plan_id: str) -> Limits:
    """Read a plan's limits as they are now, which may be newer than the revision asked for."""
    rows = LIMITS.rows(plan_id)
    limits = tuple(_limit(row) for row in rows if row[1] is not None)
    read = Limits(plan_id, rows[0][0] if rows else None, limits)
    if len(_kept) >= KEPT:
        _kept.clear()
    _kept[plan_id] = read
    return read


def _limit(row: Row) -> Limit:
    _, service_name, feature_key, value, window, description = (part or "" for part in row)
    return Limit(service_name, feature_key, int(value), window, description)


def _grouped(limits: list[Limit]) -> dict[str, dict[str, Limit]]:
    grouped: dict[str, dict[str, Limit]] = {}
    for limit in limits:
        grouped.setdefault(limit.service_name, {})[limit.feature_key] = limit
    return grouped
