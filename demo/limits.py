"""What the demo's customers hold of their tiers' caps, and the quotas on their usage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from billing.metering.quotas.services import QuotaDraft, create_quota
from billing.models import Account, Meter, UsageQuota
from demo.customers import DemoCustomer
from demo.plans import INPUT, OUTPUT, PROJECTS, REQUESTS
from quotas.consuming import Wanted, consume
from quotas.models import QuotaUse

HELD: Final = {"demo-free": 1, "demo-pro": 17, "demo-enterprise": 64}
"""Projects that each customer of a plan has."""

QUOTAS: Final = {
    "demo-free": ((INPUT, "2000000", "BILLING_PERIOD", True), (REQUESTS, "200", "DAY", True)),
    "demo-pro": ((OUTPUT, "1000000", "BILLING_PERIOD", False), (REQUESTS, "50000", "MONTH", True)),
    "demo-enterprise": ((INPUT, "60000000", "BILLING_PERIOD", False),),
}
"""By plan: meter, limit, period, and whether it is hard."""


def limit(accounts: Iterable[tuple[DemoCustomer, UUID]], *, now: datetime) -> None:
    """Let each customer hold some projects, and limit what it uses. Again: nothing changes."""
    for wanted, account_id in accounts:
        account = Account.objects.select_related("test_clock").get(pk=account_id)
        if not QuotaUse.objects.filter(account=account).exists():
            consume(account, Wanted(*PROJECTS, HELD[wanted.plan]), now=now)
        for metric_type, most, period, is_hard in QUOTAS[wanted.plan]:
            meter = Meter.objects.get(metric_type=metric_type)
            if UsageQuota.objects.filter(account=account, meter=meter).exists():
                continue
            draft = QuotaDraft(
                meter=meter,
                limit=Decimal(most),
                period=period,
                is_hard=is_hard,
            )
            create_quota(account_id=account_id, draft=draft, by_admin=True, now=now)
