"""Wake-ups of what Stripe told us and of what we ask of it. The due rows are the jobs."""

from __future__ import annotations

from celery import shared_task

from billing.kernel import clock
from billing.stripe.current import gateway
from paying import reconciling
from paying.inbox import working
from paying.money import collecting


@shared_task(name="paying.read_event")
def read_event(event_id: str) -> None:
    """Read one event that was kept."""
    working.read_event(event_id, stripe=gateway(), now=clock.now())


@shared_task(name="paying.sweep_inbox")
def sweep_inbox() -> None:
    """Read the events whose wake-up was lost, and those that failed before."""
    working.sweep_inbox(stripe=gateway(), now=clock.now())


@shared_task(name="paying.collect_due")
def collect_due() -> None:
    """Collect what is due of finalized invoices."""
    collecting.collect_due(stripe=gateway(), now=clock.now())


@shared_task(name="paying.reconcile")
def reconcile() -> None:
    """Compare with Stripe, and mend what a lost webhook left."""
    reconciling.reconcile(stripe=gateway(), now=clock.now())
