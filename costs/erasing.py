"""The part that allocation rules have in forgetting a customer: their names may be people's."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing.models import LockedAccount
from costs.models import AllocationRule

NAMELESS: Final = "Deleted"


def erase_rule_names(account: LockedAccount, *, now: datetime) -> bool:
    """Take the rules' names away; how they shared stays. Nothing is left.

    (Named by the setting BILLING_ERASERS.)
    """
    AllocationRule.objects.filter(account=account).update(name=NAMELESS)
    return False
