"""Reads over plans."""

from __future__ import annotations

from uuid import UUID

from billing.catalog.models import PlanVersion
from billing.kernel.errors import NotFound
from billing.kernel.ids import UUID_FORM


def plan_version(reference: str) -> PlanVersion:
    """Return what a planId means, with all its parts. Raises NotFound.

    A UUID is a version's id; anything else is a plan's code and means its newest version.
    """
    versions = PlanVersion.objects.with_parts()
    if UUID_FORM.fullmatch(reference):
        found = versions.filter(pk=UUID(reference)).first()
    else:
        found = versions.filter(plan__code=reference).order_by("-version").first()
    if found is None:
        raise NotFound(noun="plan")
    return found
