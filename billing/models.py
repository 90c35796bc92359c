"""All tables of the engine, under one app label."""

from billing.accounts.models import (
    Account,
    ApiKey,
    AuditEntry,
    IdempotentAnswer,
    LockedAccount,
    TestClock,
)
from billing.catalog.models import Charge, Meter, Plan, PlanLimit, PlanVersion
from billing.credits.models import CreditEntry, CreditGrant
from billing.metering.models import (
    UsageBucket,
    UsageBucketValue,
    UsageCounter,
    UsageCounterValue,
    UsageEvent,
    UsageTimeline,
)
from billing.metering.quotas.models import (
    QuotaNotice,
    QuotaReservation,
    QuotaWindow,
    QuotaWindowValue,
    UsageQuota,
)
from billing.outbox.models import OutboxCounter, OutboxEvent
from billing.subscriptions.fee_models import (
    Discount,
    DiscountUse,
    FeeItem,
    SubscriptionPause,
    TrialUse,
)
from billing.subscriptions.models import (
    InvoiceDue,
    Segment,
    Subscription,
    SubscriptionPeriod,
)

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "Charge",
    "CreditEntry",
    "CreditGrant",
    "Discount",
    "DiscountUse",
    "FeeItem",
    "IdempotentAnswer",
    "InvoiceDue",
    "LockedAccount",
    "Meter",
    "OutboxCounter",
    "OutboxEvent",
    "Plan",
    "PlanLimit",
    "PlanVersion",
    "QuotaNotice",
    "QuotaReservation",
    "QuotaWindow",
    "QuotaWindowValue",
    "Segment",
    "Subscription",
    "SubscriptionPause",
    "SubscriptionPeriod",
    "TestClock",
    "TrialUse",
    "UsageBucket",
    "UsageBucketValue",
    "UsageCounter",
    "UsageCounterValue",
    "UsageEvent",
    "UsageQuota",
    "UsageTimeline",
]
