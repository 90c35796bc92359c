"""Reads over tenants."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import CreditGrant
from tenants.models import Tenant


def with_credit() -> QuerySet[Tenant]:
    """Return tenants with account and `credit_minor`, what they may still spend. One query."""
    spendable = (
        CreditGrant.objects.filter(account_id=OuterRef("account_id"))
        .values("account_id")
        .annotate(sum=Sum("remaining_minor"))
        .values("sum")
    )
    return Tenant.objects.select_related("account").annotate(
        credit_minor=Coalesce(Subquery(spendable), 0)
    )
