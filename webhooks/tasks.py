"""Wake-ups of the delivery of events. The due rows are the jobs."""

from __future__ import annotations

from celery import shared_task

from billing.kernel import clock
from billing.kernel.outward import outward
from webhooks import handing_on, keeping, sending

ROUNDS = 50


@shared_task(name="webhooks.hand_on")
@outward("webhook")
def hand_on() -> None:
    """Hand events on to whoever asked for them, and send what is due."""
    for _ in range(ROUNDS):
        if handing_on.hand_on(now=clock.now()) < handing_on.BATCH:
            break
    sending.send_due(read_clock=clock.now)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Forget what was kept long enough."""
    for _ in range(ROUNDS):
        if not keeping.sweep(now=clock.now()):
            break
