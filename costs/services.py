"""Allocation rules: made, renamed and ended, taken away. What was invoiced keeps its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from billing.accounts import audit
from billing.catalog.queries import meter_of
from billing.kernel.constraints import refusing
from billing.kernel.decimals import exact, format_decimal
from billing.kernel.errors import Forbidden, NotFound, invalid
from billing.kernel.services import service
from billing.models import Account, LockedAccount, Meter, SubscriptionPeriod
from costs.errors import RuleOverlaps, RuleWasApplied, TooManyRules
from costs.models import AllocationRule, AllocationShare, Method
from tenants.cost_centers.telling import budgets_changed
from tenants.models import CostCenter

MOST: Final = 200
MOST_SHARES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """A rule as somebody wants it. `shares`: (cost center, percent). None as a source: unlabelled.

    Without `valid_from` it holds from the open period's start on.
    """

    name: str
    method: str
    source: UUID | None = None
    metric_type: str | None = None
    by_metric_type: str | None = None
    shares: Sequence[tuple[UUID, Decimal]] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@service
def create_rule(
    *, account_id: UUID, draft: RuleDraft, by_staff: bool, now: datetime
) -> AllocationRule:
    """Make a rule. Raises InvalidRequest, RuleOverlaps, TooManyRules."""
    account = Account.objects.lock(account_id)
    if AllocationRule.objects.filter(account_id=account.id).count() >= MOST:
        raise TooManyRules(most=MOST)
    earliest = _open_since(account, now=now)
    begin = draft.valid_from or earliest
    _check_time("validFrom", begin, earliest)
    if draft.valid_until is not None and draft.valid_until <= begin:
        raise invalid("validUntil", "must be after validFrom")
    _check_method(draft)
    known = set(CostCenter.objects.filter(account_id=account.id).values_list("id", flat=True))
    _check_centers(draft, known)
    rule = AllocationRule(
        account_id=account.id,
        name=draft.name,
        source_id=draft.source,
        meter=_meter("metricType", draft.metric_type),
        method=draft.method,
        by_meter=_meter("byMetricType", draft.by_metric_type),
        valid_from=begin,
        valid_until=draft.valid_until,
        is_staffs=by_staff,
        created_at=now,
    )
    _save(rule)
    AllocationShare.objects.bulk_create(
        AllocationShare(account_id=account.id, rule=rule, center_id=center, percent=percent)
        for center, percent in draft.shares
    )
    budgets_changed(account.id)
    _record("created", rule, now=now)
    return rule


@service
def change_rule(
    *,
    account_id: UUID,
    rule_id: UUID,
    changes: Mapping[str, Any],
    by_staff: bool,
    now: datetime,
) -> AllocationRule:
    """Rename a rule, or say when it ends: not before the open period.

    Raises NotFound, Forbidden, InvalidRequest, RuleOverlaps.
    """
    account = Account.objects.lock(account_id)
    rule = _own(account, rule_id, by_staff=by_staff)
    if "valid_until" in changes:
        until = changes["valid_until"]
        earliest = _open_since(account, now=now)
        if rule.valid_until is not None and rule.valid_until != until:
            _check_time("validUntil", rule.valid_until, earliest)  # an end that is past stands
        if until is not None:
            _check_time("validUntil", until, earliest)
            if until <= rule.valid_from:
                raise invalid("validUntil", "must be after validFrom")
        rule.valid_until = until
    rule.name = changes.get("name", rule.name)
    _save(rule)
    budgets_changed(account.id)
    _record("changed", rule, now=now)
    return rule


@service
def delete_rule(*, account_id: UUID, rule_id: UUID, by_staff: bool, now: datetime) -> None:
    """Delete a rule that held in the open period at the earliest.

    Raises NotFound, Forbidden, RuleWasApplied.
    """
    account = Account.objects.lock(account_id)
    rule = _own(account, rule_id, by_staff=by_staff)
    if rule.valid_from < _open_since(account, now=now):
        raise RuleWasApplied(name=rule.name)
    budgets_changed(account.id)
    _record("deleted", rule, now=now)
    rule.delete()


def _open_since(account: LockedAccount, *, now: datetime) -> datetime:
    """Return when the account's open period began; now, where none is open."""
    period = (
        SubscriptionPeriod.objects.filter(account_id=account.id, end_at__gt=now, start_at__lte=now)
        .order_by("start_at")
        .first()
    )
    return now if period is None else period.start_at


def _check_time(field: str, moment: datetime, earliest: datetime) -> None:
    if moment < earliest:
        said = f"{earliest:%Y-%m-%dT%H:%M:%SZ}"
        raise invalid(field, f"must not be before {said}: what was invoiced keeps its rules")


def _check_method(draft: RuleDraft) -> None:
    if draft.method == Method.METER_SHARE:
        if draft.by_metric_type is None:
            raise invalid("byMetricType", "must be given with METER_SHARE")
        if draft.shares:
            raise invalid("shares", "do not go with METER_SHARE")
        return
    if draft.by_metric_type is not None:
        raise invalid("byMetricType", "goes with METER_SHARE only")
    if not draft.shares:
        raise invalid("shares", "must name a cost center and its percentage at least")
    with exact():
        total = sum((percent for _, percent in draft.shares), Decimal(0))
    if total > 100:
        raise invalid("shares", f"must be 100 percent at most together: {format_decimal(total)}")


def _check_centers(draft: RuleDraft, known: set[UUID]) -> None:
    if draft.source is not None and draft.source not in known:
        raise invalid("sourceCostCenterId", "is no cost center of this tenant")
    seen: set[UUID] = set()
    for place, (center, _) in enumerate(draft.shares):
        field = f"shares[{place}].costCenterId"
        if center not in known:
            raise invalid(field, "is no cost center of this tenant")
        if center in seen or center == draft.source:
            raise invalid(field, "is named twice, or is the source itself")
        seen.add(center)


def _meter(field: str, metric_type: str | None) -> Meter | None:
    if metric_type is None:
        return None
    try:
        return meter_of(metric_type)
    except NotFound:
        raise invalid(field, "is no meter") from None


def _own(account: LockedAccount, rule_id: UUID, *, by_staff: bool) -> AllocationRule:
    rule = AllocationRule.objects.filter(account_id=account.id, pk=rule_id).first()
    if rule is None:
        raise NotFound(noun="allocation rule")
    if rule.is_staffs and not by_staff:
        raise Forbidden(needed="the role billing_admin, which made it")
    return rule


def _save(rule: AllocationRule) -> None:
    with refusing(allocation_rule_one_at_a_time=RuleOverlaps()):
        rule.save()


def _record(done: str, rule: AllocationRule, *, now: datetime) -> None:
    audit.record(
        action=f"allocation_rule.{done}",
        account_id=rule.account_id,
        subject=rule.id,
        after={
            "name": rule.name,
            "method": rule.method,
            "validFrom": rule.valid_from.isoformat(),
            "validUntil": None if rule.valid_until is None else rule.valid_until.isoformat(),
        },
        now=now,
    )
