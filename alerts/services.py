"""What can be done to alerts: each in one transaction, under the account's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from alerts.errors import AlertLimitReached, NoBudget
from alerts.firing import begin_period
from alerts.models import Alert, AlertStatus, ThresholdType
from alerts.watching import watch
from billing.accounts import audit
from billing.kernel.decimals import format_decimal, parse_decimal
from billing.kernel.errors import NotFound, invalid
from billing.kernel.money import AmountTooLarge, parse_amount
from billing.kernel.services import service
from billing.models import Account, LockedAccount
from billing.subscriptions.errors import NoActiveSubscription
from billing.subscriptions.queries import current_period, live_subscription
from tenants.models import Tenant
from webhooks.models import MessageForm
from webhooks.private import add_private_endpoint, remove_private_endpoint
from webhooks.services import check_url

MOST_ALERTS: Final = 50
LARGEST: Final = Decimal(10) ** 12
LARGEST_PERCENTAGE: Final = Decimal(10_000)
FIELD: Final = "thresholdAmount"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDraft:
    """A new alert. `email`, `slack_url`: where to, instead of the tenant's or the operator's."""

    threshold_type: str
    threshold: object
    notify_email: bool = True
    email: str = ""
    notify_slack: bool = False
    slack_url: str = ""
    webhook_url: str = ""


@service
def create_alert(*, account_id: UUID, draft: AlertDraft, now: datetime) -> Alert:
    """Make an alert; it is looked at at once, so that what is reached already fires too.

    `now` is the account's time. Raises TenantNotFound, InvalidRequest, NoBudget,
    AlertLimitReached.
    """
    account = Account.objects.lock(account_id)
    threshold = _threshold(account, draft)
    if Alert.objects.filter(account=account).count() >= MOST_ALERTS:
        raise AlertLimitReached
    if draft.slack_url:
        check_url(draft.slack_url, field="notifySlack")
    if draft.webhook_url:
        check_url(draft.webhook_url, field="webhookUrl")
    alert = Alert.objects.create(
        account=account,
        threshold_type=draft.threshold_type,
        threshold=threshold,
        notify_email=draft.notify_email,
        email=draft.email,
        notify_slack=draft.notify_slack,
        slack_url=draft.slack_url,
        webhook_url=draft.webhook_url,
        slack=_endpoint(account, _slack_url(draft), MessageForm.SLACK),
        webhook=_endpoint(account, draft.webhook_url, MessageForm.STANDARD),
        created_at=now,
    )
    watch(account.id)
    audit.record(
        action="alert.created",
        account_id=account.id,
        subject=alert.pk,
        after={"type": alert.threshold_type, "threshold": format_decimal(threshold)},
        now=now,
    )
    return alert


def _slack_url(draft: AlertDraft) -> str:
    """Return where Slack listens: the alert's own URL, or the operator's, which may be none."""
    operators: str = settings.BILLING["BILLING_SLACK_URL"]
    return draft.slack_url or (operators if draft.notify_slack else "")


def _endpoint(account: LockedAccount, url: str, form: MessageForm) -> Any:
    return add_private_endpoint(account, url, form) if url else None


def _threshold(account: LockedAccount, draft: AlertDraft) -> Decimal:
    """Return the threshold. Raises InvalidRequest, NoBudget."""
    try:
        if draft.threshold_type == ThresholdType.PERCENTAGE_OF_BUDGET:
            value = parse_decimal(draft.threshold, max_decimals=2)
            most = LARGEST_PERCENTAGE
        else:
            value = parse_amount(draft.threshold, account.currency).major
            most = LARGEST
    except AmountTooLarge:
        raise invalid(FIELD, f"must be at most {LARGEST:f}") from None
    except ValueError as error:
        raise invalid(FIELD, str(error)) from None
    if value <= 0:
        raise invalid(FIELD, "must be above zero")
    if value > most:
        raise invalid(FIELD, f"must be at most {most:f}")
    if draft.threshold_type == ThresholdType.PERCENTAGE_OF_BUDGET:
        budget = Tenant.objects.values_list("budget_minor", flat=True).get(account_id=account.id)
        if not budget:
            raise NoBudget
    return value


def _locked(alert_id: UUID) -> tuple[LockedAccount, Alert]:
    """Return the alert, its account locked first. Raises NotFound, TenantNotFound."""
    account_id = Alert.objects.filter(pk=alert_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(noun="alert")
    account = Account.objects.lock(account_id)
    alert = Alert.objects.select_for_update().filter(pk=alert_id).first()
    if alert is None:
        raise NotFound(noun="alert")
    return account, alert


@service
def dismiss_alert(*, alert_id: UUID, now: datetime) -> Alert:
    """Keep it quiet until the next period, whether it fired or not. Again: nothing changes.

    `now` is the account's time. Raises NotFound.
    """
    account, alert = _locked(alert_id)
    period_id = _open_period(account)
    if period_id is not None and alert.period_id not in {None, period_id}:
        begin_period(alert, period_id)
    if alert.status == AlertStatus.DISMISSED:
        return alert
    before = alert.status
    alert.status, alert.dismissed_at = AlertStatus.DISMISSED, now
    alert.period_id = alert.period_id or period_id
    alert.save()
    audit.record(
        action="alert.dismissed",
        account_id=account.id,
        subject=alert.pk,
        before={"status": before},
        after={"status": alert.status},
        now=now,
    )
    return alert


def _open_period(account: LockedAccount) -> UUID | None:
    try:
        period = current_period(live_subscription(account.id).pk)
    except NoActiveSubscription:
        return None
    return None if period is None else period.pk


@service
def delete_alert(*, alert_id: UUID, now: datetime) -> None:
    """Delete it with what fired; what is on its way to its URLs is given up. Raises NotFound."""
    account, alert = _locked(alert_id)
    audit.record(
        action="alert.deleted",
        account_id=account.id,
        subject=alert.pk,
        before={"type": alert.threshold_type, "threshold": format_decimal(alert.threshold)},
        now=now,
    )
    endpoints = [alert.slack_id, alert.webhook_id]
    alert.delete()
    for endpoint_id in endpoints:
        if endpoint_id is not None:
            remove_private_endpoint(endpoint_id)
    watch(account.id)
