"""Cost centers as the API shows them: one, a page of them, the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from billing.http.fields import IdField, TextField, TimeField, format_timestamp
from billing.http.paging import Pagination
from billing.kernel.money import Money
from costs.api.platform.shapes import percent
from costs.queries import CenterSpends
from costs.shares import percent_of
from tenants.cost_centers.models import CostCenter
from tenants.cost_centers.tree import children_of


class CostCenterSerializer(serializers.Serializer[Any]):
    """A cost center, and what it has spent of the open period's usage cost."""

    id = IdField()
    tenantId = IdField()
    name = TextField()
    code = TextField()
    description = TextField(allow_null=True)
    parentId = IdField(allow_null=True)
    budget = TextField(allow_null=True)
    directSpend = TextField(help_text="What it used itself.")
    allocatedSpend = TextField(help_text="What allocation rules brought it, less what they took.")
    currentSpend = TextField(help_text="Its own: direct and allocated.")
    subtreeSpend = TextField(help_text="Its own, and that of all below it.")
    utilizationPercent = TextField(
        allow_null=True, help_text="Its own spend of its budget; null without a budget."
    )
    subtreeUtilizationPercent = TextField(allow_null=True)
    isActive = serializers.BooleanField()
    createdAt = TimeField()
    updatedAt = TimeField()


class CostCenterNode(CostCenterSerializer):
    """With `tree`, each has those below it in `children`, of the same shape."""

    children = serializers.ListField(child=serializers.JSONField(), required=False)


class CostCentersOutput(serializers.Serializer[Any]):
    """A tenant's cost centers. Their spends and `unallocated` sum to `usageCost`."""

    tenantId = IdField()
    currency = TextField()
    data = CostCenterNode(many=True)  # type: ignore[assignment]
    pagination = Pagination(required=False)
    unallocated = TextField()
    usageCost = TextField()


def show_center(
    center: CostCenter, currency: str, spends: CenterSpends | None = None
) -> dict[str, Any]:
    """Write a cost center out; without `spends` it is a new one."""
    nothing = Money.zero(currency)
    own = spends.own[center.id] if spends else nothing
    direct = spends.direct[center.id] if spends else nothing
    subtree = spends.subtree[center.id] if spends else nothing
    budget = None if center.budget_minor is None else Money(center.budget_minor, currency)
    return {
        "id": str(center.id),
        "tenantId": str(center.account_id),
        "name": center.name,
        "code": center.code,
        "description": center.description or None,
        "parentId": None if center.parent_id is None else str(center.parent_id),
        "budget": None if budget is None else budget.amount,
        "directSpend": direct.amount,
        "allocatedSpend": (own - direct).amount,
        "currentSpend": own.amount,
        "subtreeSpend": subtree.amount,
        "utilizationPercent": _utilization(own, budget),
        "subtreeUtilizationPercent": _utilization(subtree, budget),
        "isActive": center.is_active,
        "createdAt": format_timestamp(center.created_at),
        "updatedAt": format_timestamp(center.updated_at),
    }


def _utilization(spend: Money, budget: Money | None) -> str | None:
    return None if budget is None else percent(percent_of(spend, budget))


def show_tree(spends: CenterSpends) -> dict[str, Any]:
    """Nest the centers, each under its parent."""
    children = children_of({center.id: center.parent_id for center in spends.centers})
    by_id = {center.id: center for center in spends.centers}

    def node(center: CostCenter) -> dict[str, Any]:
        below = [node(by_id[one]) for one in children.get(center.id, ())]
        return {**show_center(center, spends.currency, spends), "children": below}

    return {"data": [node(by_id[one]) for one in children.get(None, ())]}


def show_list(
    spends: CenterSpends, query: Mapping[str, Any], sorts: Mapping[str, str]
) -> dict[str, Any]:
    """Show one page of the centers."""
    field = sorts[query["sort"]]
    rows: Sequence[CostCenter] = sorted(
        spends.centers,
        key=lambda center: (getattr(center, field), center.id),
        reverse=query["direction"] == "desc",
    )
    if "active" in query:
        rows = [center for center in rows if center.is_active == query["active"]]
    page, size = query["page"], query["size"]
    shown = rows[page * size : (page + 1) * size]
    pages = -(-len(rows) // size)
    return {
        "data": [show_center(center, spends.currency, spends) for center in shown],
        "pagination": {
            "page": page,
            "size": size,
            "totalElements": len(rows),
            "totalPages": pages,
            "hasNext": page + 1 < pages,
        },
    }
