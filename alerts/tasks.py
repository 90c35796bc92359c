"""Wake-ups of the alerts."""

from __future__ import annotations

from celery import shared_task

from alerts.looking import Sweeper
from billing.kernel import clock

SWEEPER = Sweeper()


@shared_task(name="alerts.sweep")
def sweep() -> None:
    """Look at the tenants with alerts whose cost may have changed."""
    SWEEPER.sweep(read_clock=clock.now)
