"""Reads over the catalogue."""

from __future__ import annotations

from uuid import UUID

from billing.catalog.models import PlanVersion
from billing.kernel.errors import NotFound


def version_of(plan_ref: str) -> PlanVersion:
    """Return the version with this id, or the newest one of the plan with this code.

    Raises NotFound.
    """
    versions = PlanVersion.objects.select_related("plan")
    try:
        found = versions.filter(pk=UUID(plan_ref)).first()
    except ValueError:
        found = None
    found = found or versions.filter(plan__code=plan_ref).order_by("-version").first()
    if found is None:
        raise NotFound(noun="plan")
    return found
