"""Reads over tenants."""

from __future__ import annotations

from django.db.models import QuerySet

from billing.credits.ledger import remaining_of_account
from tenants.models import Tenant


def with_credit() -> QuerySet[Tenant]:
    """Return tenants with account and `credit_minor`, what they may still spend. One query."""
    return Tenant.objects.select_related("account").annotate(credit_minor=remaining_of_account())
