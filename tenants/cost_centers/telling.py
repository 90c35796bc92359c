"""Telling apps above that what an account's cost centers may spend, or are told to, has changed."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


def budgets_changed(account_id: UUID) -> None:
    """Have it noted, within the caller's transaction, by those that BILLING_BUDGET_LISTENERS names.

    For whatever moves a budget, or what counts against one, but usage: that has its own way.
    """
    for name in settings.BILLING_BUDGET_LISTENERS:
        import_string(name)(account_id)
