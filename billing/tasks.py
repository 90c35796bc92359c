"""The engine's own background work."""

from __future__ import annotations

from celery import shared_task

from billing.http import idempotency
from billing.kernel import clock, liveness
from billing.metering import retention


@shared_task(name="billing.heartbeat")
def heartbeat() -> None:
    """Show that a worker is alive: `/readyz` and `doctor` read it."""
    liveness.beat(now=clock.now())


@shared_task(name="billing.sweep_idempotency")
def sweep_idempotency() -> None:
    """Forget answers that have been kept for their 24 hours."""
    idempotency.sweep(now=clock.now())


@shared_task(name="billing.delete_old_usage")
def delete_old_usage() -> None:
    """Delete usage events that are past the retention."""
    retention.sweep(now=clock.now())
