"""Cost centers: made, changed, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.accounts import audit
from billing.kernel.constraints import refusing
from billing.kernel.errors import AlreadyExists, Forbidden, NotFound, invalid
from billing.kernel.ids import uuid7
from billing.kernel.services import service
from billing.metering.groups import has_usage_of_center
from billing.metering.timeline import lock_timeline_exclusive
from billing.models import Account, LockedAccount
from tenants.cost_centers.errors import CostCenterHasChildren, TooManyCostCenters
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.telling import budgets_changed
from tenants.cost_centers.tree import MOST, problem_of


@service
def create_cost_center(
    *, account_id: UUID, details: Mapping[str, Any], by_staff: bool, now: datetime
) -> CostCenter:
    """Make a cost center; `details` are the model's fields.

    Raises AlreadyExists for a taken code, InvalidRequest for a parent that can't be one,
    TooManyCostCenters.
    """
    account = Account.objects.lock(account_id)
    parents = _parents(account)
    if len(parents) >= MOST:
        raise TooManyCostCenters(most=MOST)
    center = CostCenter(
        id=uuid7(),
        account_id=account.id,
        is_staffs=by_staff,
        created_at=now,
        updated_at=now,
        **details,
    )
    _check_parent(center, {**parents, center.id: None})
    _save(center)
    budgets_changed(account.id)
    audit.record(
        action="cost_center.created",
        account_id=account.id,
        subject=center.id,
        after=_state(center),
        now=now,
    )
    return center


@service
def update_cost_center(
    *,
    account_id: UUID,
    center_id: UUID,
    changes: Mapping[str, Any],
    by_staff: bool,
    now: datetime,
) -> CostCenter:
    """Change what is given.

    Raises NotFound, Forbidden for one that staff made, AlreadyExists for a taken code,
    InvalidRequest for a parent that can't be one.
    """
    account = Account.objects.lock(account_id)
    center = _own(account, center_id, by_staff=by_staff)
    before = _state(center)
    for field, value in changes.items():
        setattr(center, field, value)
    center.updated_at = now
    if changes.get("parent_id") is not None:
        _check_parent(center, _parents(account))
    _save(center)
    budgets_changed(account.id)
    audit.record(
        action="cost_center.updated",
        account_id=account.id,
        subject=center.id,
        before=before,
        after=_state(center),
        now=now,
    )
    return center


@service
def delete_cost_center(
    *, account_id: UUID, center_id: UUID, by_staff: bool, now: datetime
) -> CostCenter | None:
    """Delete a cost center; one that has usage is deactivated, and returned.

    Raises NotFound, Forbidden for one that staff made, CostCenterHasChildren.
    """
    account = Account.objects.lock(account_id)
    center = _own(account, center_id, by_staff=by_staff)
    before = _state(center)
    if CostCenter.objects.filter(parent=center).exists():
        raise CostCenterHasChildren(code=center.code)
    lock_timeline_exclusive(account.id)  # whoever is recording for it has come to an end
    kept = center if has_usage_of_center(account.id, center.id) else None
    if kept is None:
        CostCenter.objects.filter(pk=center.pk).delete()
    else:
        center.is_active, center.updated_at = False, now
        center.save(update_fields=["is_active", "updated_at"])
    budgets_changed(account.id)
    audit.record(
        action="cost_center.deleted" if kept is None else "cost_center.deactivated",
        account_id=account.id,
        subject=center_id,
        before=before,
        after=None if kept is None else _state(kept),
        now=now,
    )
    return kept


def _own(account: LockedAccount, center_id: UUID, *, by_staff: bool) -> CostCenter:
    center = CostCenter.objects.filter(account_id=account.id, pk=center_id).first()
    if center is None:
        raise NotFound(noun="cost center")
    if center.is_staffs and not by_staff:
        raise Forbidden(needed="the role billing_admin, which made it")
    return center


def _parents(account: LockedAccount) -> dict[UUID, UUID | None]:
    rows = CostCenter.objects.filter(account_id=account.id).order_by("code", "id")
    return dict(rows.values_list("id", "parent_id"))


def _check_parent(center: CostCenter, parents: Mapping[UUID, UUID | None]) -> None:
    if center.parent_id is None:
        return
    if center.parent_id not in parents:
        raise invalid("parentId", "is no cost center of this tenant")
    problem = problem_of(center.id, center.parent_id, parents)
    if problem is not None:
        raise invalid("parentId", problem)


def _save(center: CostCenter) -> None:
    taken = AlreadyExists(what=f"the cost center {center.code}")
    with refusing(cost_center_code_once=taken):
        center.save()


def _state(center: CostCenter) -> dict[str, Any]:
    return {
        "name": center.name,
        "code": center.code,
        "description": center.description,
        "parentId": None if center.parent_id is None else str(center.parent_id),
        "budgetMinor": center.budget_minor,
        "isActive": center.is_active,
    }
