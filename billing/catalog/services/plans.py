"""Plans: made, changed, archived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.accounts import audit
from billing.catalog.drafts import LimitDraft, VersionDraft, as_json, draft_of, same_prices
from billing.catalog.errors import PlanArchived, PlanIsDefault, PlanVersionSuperseded
from billing.catalog.models import Plan, PlanVersion
from billing.catalog.queries import plan_of, version_with_parts
from billing.catalog.services.versions import (
    check_limits,
    check_version,
    write_limits,
    write_version,
)
from billing.kernel.constraints import refusing
from billing.kernel.errors import AlreadyExists
from billing.kernel.ids import UUID_FORM
from billing.kernel.services import service

DEFAULT_LOCK: Final = 0x706C616E  # "plan": who moves the default, one after the other


@service
def create_plan(
    *,
    code: str,
    details: Mapping[str, Any],
    prices: VersionDraft,
    limits: Sequence[LimitDraft] = (),
    now: datetime,
) -> PlanVersion:
    """Make a plan with its version 1. `details` are the plan's own fields, by the model's names.

    Raises AlreadyExists, PlanArchived (a default that is not active), InvalidRequest.
    """
    check_version(prices, new_charges=True)
    check_limits(limits)
    plan = Plan(code=code, created_at=now, **details)
    if plan.is_default:
        _take_default(plan, now=now)
    with refusing(billing_plan_code_key=AlreadyExists(what=f"the plan {code}")):
        plan.save(force_insert=True)
    version = write_version(plan, prices, number=1, now=now)
    write_limits(plan, limits)
    after = {**_state(plan, limits), "version": 1, **as_json(prices)}
    audit.record(action="plan.created", subject=code, after=after, now=now)
    return version_with_parts(str(version.pk))


@service
def update_plan(
    *,
    reference: str,
    details: Mapping[str, Any],
    prices: Mapping[str, Any],
    limits: Sequence[LimitDraft] | None = None,
    now: datetime,
) -> PlanVersion:
    """Change a plan; other prices than the addressed version's make the next version.

    `prices` are fields of VersionDraft; `charges` and `limits` replace the whole lists. Returns
    the new version, or the addressed one where prices stay. Raises NotFound, PlanIsDefault,
    PlanArchived, InvalidRequest; PlanVersionSuperseded for other prices than an older version's.
    """
    if details.get("is_default"):
        _lock_default()
    plan, addressed = _lock_plan(reference)
    _change_details(plan, details, now=now)
    _change_limits(plan, limits, now=now)
    version = _change_prices(plan, addressed, prices, now=now)
    return version_with_parts(str(version.pk))


@service
def archive_plan(*, reference: str, now: datetime) -> PlanVersion:
    """Take a plan off the offer; who has it keeps it. Again: nothing changes.

    Raises NotFound, PlanIsDefault.
    """
    plan, addressed = _lock_plan(reference)
    _change_details(plan, {"is_active": False}, now=now)
    return version_with_parts(str(addressed.pk))


@service
def make_default_plan(*, plan_id: UUID, now: datetime) -> Plan:
    """Give this plan to new customers, in the place of the one before. Again: nothing changes.

    `plan_id` is a plan's id, or one of its versions'. Raises NotFound, PlanArchived.
    """
    _lock_default()
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan_of(plan_id).pk)
    _change_details(plan, {"is_default": True}, now=now)
    return plan


def _lock_default() -> None:
    # The default is one row among all: a lock of rows can't keep two others from becoming it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DEFAULT_LOCK])


def _take_default(plan: Plan, *, now: datetime) -> None:
    """Make room for this plan as the one default: the other one loses it here."""
    if not plan.is_active:
        raise PlanArchived(code=plan.code)
    _lock_default()
    for other in Plan.objects.filter(is_default=True).exclude(pk=plan.pk):
        Plan.objects.filter(pk=other.pk).update(is_default=False)
        audit.record(
            action="plan.updated",
            subject=other.code,
            before={"isDefault": True},
            after={"isDefault": False},
            now=now,
        )


def _lock_plan(reference: str) -> tuple[Plan, PlanVersion]:
    """Lock the plan's row, and read the addressed version afterwards: the newest is the newest."""
    found = version_with_parts(reference)
    plan = Plan.objects.select_for_update(no_key=True).get(pk=found.plan_id)
    by_id = UUID_FORM.fullmatch(reference)
    return plan, found if by_id else version_with_parts(plan.code)


def _change_details(plan: Plan, details: Mapping[str, Any], *, now: datetime) -> None:
    before = _state(plan)
    was_default = plan.is_default
    for field, value in details.items():
        setattr(plan, field, value)
    after = _state(plan)
    if after == before:
        return
    if was_default and not (plan.is_default and plan.is_active):
        raise PlanIsDefault(code=plan.code)
    if plan.is_default and not was_default:
        _take_default(plan, now=now)
    plan.save()
    audit.record(action="plan.updated", subject=plan.code, before=before, after=after, now=now)


def _change_limits(plan: Plan, limits: Sequence[LimitDraft] | None, *, now: datetime) -> None:
    if limits is None:
        return
    check_limits(limits)
    before = _limits_of(plan)
    wanted = sorted(map(_limit_as_json, limits), key=_place)
    if wanted == before:
        return
    write_limits(plan, limits)
    audit.record(
        action="plan.limits_replaced", subject=plan.code, before=before, after=wanted, now=now
    )


def _change_prices(
    plan: Plan, addressed: PlanVersion, prices: Mapping[str, Any], *, now: datetime
) -> PlanVersion:
    if not prices:
        return addressed
    current = draft_of(addressed)
    wanted = replace(current, **prices)
    check_version(wanted, new_charges="charges" in prices)
    if same_prices(current, wanted):
        return addressed
    newest = plan.versions.order_by("-version").values_list("version", flat=True)[0]
    if addressed.version != newest:
        raise PlanVersionSuperseded(version=addressed.version, code=plan.code, newest=newest)
    version = write_version(plan, wanted, number=newest + 1, now=now)
    audit.record(
        action="plan.version_made",
        subject=f"{plan.code} v{version.version}",
        before=as_json(current),
        after=as_json(wanted),
        now=now,
    )
    return version


def _state(plan: Plan, limits: Sequence[LimitDraft] | None = None) -> dict[str, Any]:
    state: dict[str, Any] = {
        "name": plan.name,
        "description": plan.description,
        "isActive": plan.is_active,
        "isDefault": plan.is_default,
        "sortOrder": plan.sort_order,
    }
    if limits is not None:
        state["limits"] = sorted(map(_limit_as_json, limits), key=_place)
    return state


def _limits_of(plan: Plan) -> list[dict[str, Any]]:
    drafts = [
        LimitDraft(
            service_name=limit.service_name,
            feature_key=limit.feature_key,
            value=limit.value,
            window=limit.window,
            description=limit.description,
        )
        for limit in plan.limits.all()
    ]
    return sorted(map(_limit_as_json, drafts), key=_place)


def _limit_as_json(limit: LimitDraft) -> dict[str, Any]:
    return {
        "serviceName": limit.service_name,
        "featureKey": limit.feature_key,
        "value": limit.value,
        "window": limit.window,
        "description": limit.description,
    }


def _place(limit: Mapping[str, Any]) -> tuple[str, str]:
    return limit["serviceName"], limit["featureKey"]
