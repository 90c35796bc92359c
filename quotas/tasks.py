"""Wake-ups of what quotas have to tell and to give back. The due rows are the jobs."""

from __future__ import annotations

from celery import shared_task

from billing.kernel import clock
from billing.kernel.outward import outward
from billing.metering.quotas import reservations
from quotas import notices, sweeping


@shared_task(name="quotas.send_due_notices")
@outward("mail")
def send_due_notices() -> None:
    """Send the mails that quotas have written."""
    notices.send_due(now=clock.now())


@shared_task(name="quotas.expire_reservations")
def expire_reservations() -> None:
    """Give back what expired reservations hold."""
    reservations.expire_due(now=clock.now())


@shared_task(name="quotas.sweep_events")
def sweep_events() -> None:
    """Delete uses that no list shows any more."""
    sweeping.sweep_events()
