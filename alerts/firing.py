"""An alert that fires: once a period, and everything that tells of it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from alerts.budgets import Spend, tell
from alerts.models import Alert, AlertFiring, AlertStatus, AlertWatch
from alerts.wording import data_of, facts_of
from billing.kernel.services import service
from billing.models import Account, SubscriptionPeriod
from billing.outbox import publish
from invoicing import mailing
from tenants.models import Tenant
from webhooks.private import deliver_to

Found = dict[UUID, Decimal | None]


@service
def note(
    *,
    account_id: UUID,
    period: SubscriptionPeriod,
    version: int,
    found: Found,
    spends: list[Spend],
    began: datetime,
    now: datetime,
) -> list[AlertFiring]:
    """Write down what was measured, alert by alert, and fire what is reached, budgets too.

    `version` is that of the counters when they were measured, and `began` the real time of that:
    what came since is looked at again. `now` is the account's time.
    """
    watch = AlertWatch.objects.select_for_update().filter(pk=account_id).first()
    if watch is None:
        return []
    rows = Alert.objects.filter(account_id=account_id, pk__in=found).order_by("pk")
    alerts = list(rows.select_for_update(of=("self",)).select_related("slack", "webhook"))
    fired = [_one(alert, found[alert.pk], period, now=now) for alert in alerts]
    is_more_to_tell, may_be_reached = tell(account_id, period, spends, now=now)
    watch.seen_version = version
    watch.is_open = may_be_reached or any(alert.status == AlertStatus.ACTIVE for alert in alerts)
    watch.leased_until = None
    is_due = is_more_to_tell or (watch.due_at is not None and watch.due_at > began)
    watch.due_at = (watch.due_at or began) if is_due else None
    watch.save()
    return [firing for firing in fired if firing is not None]


def _one(
    alert: Alert, measured: Decimal | None, period: SubscriptionPeriod, *, now: datetime
) -> AlertFiring | None:
    if alert.period_id != period.pk:
        begin_period(alert, period.pk)
    alert.current = measured
    fires = (
        alert.status == AlertStatus.ACTIVE and measured is not None and measured >= alert.threshold
    )
    firing = _fire(alert, measured, period, now=now) if fires and measured is not None else None
    alert.save()
    return firing


def begin_period(alert: Alert, period_id: UUID) -> None:
    """Let it fire again: what it was belongs to another period."""
    was_of_none = alert.period_id is None
    alert.period_id = period_id
    if was_of_none and alert.status == AlertStatus.DISMISSED:
        return
    alert.status = AlertStatus.ACTIVE
    alert.triggered_at = alert.dismissed_at = None


def _fire(
    alert: Alert, measured: Decimal, period: SubscriptionPeriod, *, now: datetime
) -> AlertFiring | None:
    """Fire once: the unique constraint decides between workers that saw it both."""
    alert.status, alert.triggered_at = AlertStatus.TRIGGERED, now
    account = Account.objects.select_related("test_clock", "tenant").get(pk=alert.account_id)
    data = data_of(alert, account, measured, period)
    firing = AlertFiring(
        account=account,
        alert=alert,
        period_id=period.pk,
        threshold=alert.threshold,
        measured=measured,
        at=now,
    )
    try:
        with transaction.atomic():
            firing.event_id = publish(account.pk, "alert.triggered", data, now=now)
            firing.save(force_insert=True)
    except IntegrityError as error:
        if "alert_fires_once_a_period" not in str(error):
            raise
        return None
    _tell(alert, account, firing, measured, now=now)
    return firing


def _tell(
    alert: Alert, account: Account, firing: AlertFiring, measured: Decimal, *, now: datetime
) -> None:
    if alert.notify_email:
        tenant = Tenant.objects.get(account_id=account.pk)
        mailing.write_notice(
            account=account,
            recipient=alert.email or tenant.billing_email,
            template="alert",
            about=f"alert:{alert.pk}:{firing.period_id}",
            facts=facts_of(alert, account, measured),
            now=now,
        )
    for endpoint in (alert.slack, alert.webhook):
        if endpoint is not None:
            deliver_to(endpoint, firing.event_id, kind="alert.triggered", account_id=account.pk)
