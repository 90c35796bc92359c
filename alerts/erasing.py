"""The part that alerts have in forgetting a customer: they name whom they tell."""

from __future__ import annotations

from datetime import datetime

from alerts.models import Alert, AlertWatch, BudgetFiring
from billing.models import LockedAccount


def erase_alerts(account: LockedAccount, *, now: datetime) -> bool:
    """Delete the account's alerts, 50 at most, and what fired, of budgets too. Nothing is left.

    (Named by the setting BILLING_ERASERS.)
    """
    Alert.objects.filter(account=account).delete()
    BudgetFiring.objects.filter(account=account).delete()
    AlertWatch.objects.filter(account=account).delete()
    return False
