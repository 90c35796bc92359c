"""Versions of a plan: checked and written, never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billing.catalog.drafts import ChargeDraft, LimitDraft, VersionDraft, tiers_as_json
from billing.catalog.filters import stored_filter
from billing.catalog.models import Charge, Meter, Plan, PlanLimit, PlanVersion
from billing.catalog.rules import limit_problems, meter_problems, version_problems
from billing.kernel.errors import invalid_fields
from billing.kernel.ids import uuid7
from billing.kernel.money import parse_amount


def check_version(draft: VersionDraft, *, new_charges: bool) -> None:
    """Raise InvalidRequest naming every field that is wrong.

    Charges that are only copied keep their meters, also those that are no longer active.
    """
    problems = list(version_problems(draft))
    if new_charges:
        names = {charge.metric_type for charge in draft.charges}
        found = Meter.objects.filter(metric_type__in=names)
        active = dict(found.values_list("metric_type", "is_active"))
        problems += meter_problems(draft.charges, active)
    if problems:
        raise invalid_fields([(problem.field, problem.message) for problem in problems])


def check_limits(limits: Sequence[LimitDraft]) -> None:
    """Raise InvalidRequest naming every limit that is wrong."""
    problems = list(limit_problems(limits))
    if problems:
        raise invalid_fields([(problem.field, problem.message) for problem in problems])


def write_version(plan: Plan, draft: VersionDraft, *, number: int, now: datetime) -> PlanVersion:
    """Write checked prices as a version. The caller holds the plan's lock, or has just made it.

    The first version has the plan's own id, so that a tier of surface A, which is the plan, and
    the plan that surface B shows are one thing under one id until its prices change.
    """
    version = PlanVersion.objects.create(
        id=plan.id if number == 1 else uuid7(),
        plan=plan,
        version=number,
        currency=draft.currency,
        interval=draft.interval,
        price_minor=parse_amount(draft.price, draft.currency).minor,
        pay_in_advance=draft.pay_in_advance,
        trial_days=draft.trial_days,
        minimum_commitment_minor=_minor(draft.minimum_commitment, draft.currency),
        tax_category=draft.tax_category,
        tax_behavior=draft.tax_behavior,
        stripe_price_id=draft.stripe_price_id,
        created_at=now,
    )
    names = {charge.metric_type for charge in draft.charges}
    meters = {meter.metric_type: meter for meter in Meter.objects.filter(metric_type__in=names)}
    Charge.objects.bulk_create(
        _charge(version, position, charge, meters[charge.metric_type])
        for position, charge in enumerate(draft.charges)
    )
    return version


def write_limits(plan: Plan, limits: Sequence[LimitDraft]) -> None:
    """Put these limits in the place of all that the plan has."""
    PlanLimit.objects.filter(plan=plan).delete()
    PlanLimit.objects.bulk_create(
        PlanLimit(
            plan=plan,
            service_name=limit.service_name,
            feature_key=limit.feature_key,
            value=limit.value,
            window=limit.window,
            description=limit.description,
        )
        for limit in limits
    )


def _charge(version: PlanVersion, position: int, draft: ChargeDraft, meter: Meter) -> Charge:
    terms = draft.terms
    return Charge(
        plan_version=version,
        position=position,
        meter=meter,
        description=draft.description,
        model=terms.model.value,
        included_quantity=terms.included_quantity,
        filter=stored_filter(draft.filter),
        unit_price=terms.unit_price,
        package_size=terms.package_size,
        package_price=terms.package_price,
        rate=terms.rate,
        fixed_fee=terms.fixed_fee,
        tiers=None if terms.tiers is None else tiers_as_json(terms.tiers),
        minimum_minor=_minor(terms.minimum, version.currency),
        maximum_minor=_minor(terms.maximum, version.currency),
        tax_category=draft.tax_category,
    )


def _minor(value: Decimal | None, currency: str) -> int | None:
    return None if value is None else parse_amount(value, currency).minor
