"""What is refused about webhooks."""

from __future__ import annotations

from billing.kernel.errors import BillingError, Kind


class WebhookLimitReached(BillingError):
    code = "WEBHOOK_LIMIT_REACHED"
    kind = Kind.CONFLICT
    message = "There are as many webhooks as there can be. Delete one that nobody needs."


class WebhookDisabled(BillingError):
    code = "WEBHOOK_DISABLED"
    kind = Kind.CONFLICT
    message = "This webhook is disabled. Enable it first."
