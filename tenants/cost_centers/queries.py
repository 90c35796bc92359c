"""Reads over cost centers."""

from __future__ import annotations

from uuid import UUID

from billing.kernel.errors import NotFound
from tenants.cost_centers.models import CostCenter


def cost_center_of(center_id: UUID) -> CostCenter:
    """Return a cost center with its account. Raises NotFound."""
    found = CostCenter.objects.select_related("account__test_clock").filter(pk=center_id).first()
    if found is None:
        raise NotFound(noun="cost center")
    return found


def cost_centers_of(account_id: UUID) -> list[CostCenter]:
    """Return all cost centers of a tenant by code: 1,000 at most."""
    return list(CostCenter.objects.filter(account_id=account_id).order_by("code", "id"))
