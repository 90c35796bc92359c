"""Reads over meters and plans."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from billing.catalog.errors import NoDefaultTier
from billing.catalog.models import Meter, Plan, PlanVersion, PlanVersionQuerySet
from billing.kernel.errors import NotFound
from billing.kernel.ids import UUID_FORM


def version_of(plan_ref: str) -> PlanVersion:
    """Return the version with this id, or the newest one of the plan with this code.

    Raises NotFound. No code has the form of a UUID.
    """
    return _found(PlanVersion.objects.select_related("plan"), plan_ref)


def version_with_parts(plan_ref: str) -> PlanVersion:
    """Return the same with its charges, their meters and the plan's limits. Raises NotFound."""
    return _found(PlanVersion.objects.with_parts(), plan_ref)


def plan_of(tier_id: UUID) -> Plan:
    """Return the plan with this id, or the one of the version with this id. Raises NotFound."""
    found = Plan.objects.filter(Q(pk=tier_id) | Q(versions__pk=tier_id)).first()
    if found is None:
        raise NotFound(noun="tier")
    return found


def tiers() -> QuerySet[Plan]:
    """Return all plans as surface A lists them, in one query: by their place, then by age.

    Each carries `newest_stripe_price_id`, of the version that new subscriptions get.
    """
    versions = PlanVersion.objects.filter(plan=OuterRef("pk")).order_by("-version")
    return Plan.objects.annotate(
        newest_stripe_price_id=Subquery(versions.values("stripe_price_id")[:1])
    ).order_by("sort_order", "created_at", "pk")


def default_version() -> PlanVersion:
    """Return the newest version of the default plan. Raises NoDefaultTier."""
    versions = PlanVersion.objects.newest().select_related("plan")
    found = versions.filter(plan__is_default=True).first()
    if found is None:
        raise NoDefaultTier
    return found


def meter_of(metric_type: str) -> Meter:
    """Return a meter by its name. Raises NotFound."""
    found = Meter.objects.filter(metric_type=metric_type).first()
    if found is None:
        raise NotFound(noun="meter")
    return found


def _found(versions: PlanVersionQuerySet, plan_ref: str) -> PlanVersion:
    if UUID_FORM.fullmatch(plan_ref):
        found = versions.filter(pk=UUID(plan_ref)).first()
    else:
        found = versions.filter(plan__code=plan_ref).order_by("-version").first()
    if found is None:
        raise NotFound(noun="plan")
    return found
