"""Wake-ups of what Stripe told us and of what we ask of it. The due rows are the jobs."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings

from billing.kernel import clock
from billing.kernel.outward import outward
from billing.stripe.catalogue import pushing, taking
from billing.stripe.current import gateway
from billing.stripe.objects import objects
from paying import mirroring, reconciling
from paying.buying import saying
from paying.inbox import working
from paying.money import collecting, reminding

log = structlog.get_logger(__name__)


@shared_task(name="paying.read_event")
@outward("stripe")
def read_event(event_id: str) -> None:
    """Read one event that was kept."""
    working.read_event(event_id, stripe=gateway(), now=clock.now())


@shared_task(name="paying.sweep_inbox")
@outward("stripe")
def sweep_inbox() -> None:
    """Read the events whose wake-up was lost, and those that failed before."""
    working.sweep_inbox(stripe=gateway(), now=clock.now())


@shared_task(name="paying.collect_due")
@outward("stripe")
def collect_due() -> None:
    """Collect what is due, tell customers what failed, and Stripe what changed."""
    stripe, now = gateway(), clock.now()
    saying.say_changes(stripe=stripe, now=now)
    collecting.collect_due(stripe=stripe, now=now)
    reminding.tell_due(stripe=stripe, now=now)


@shared_task(name="paying.reconcile")
@outward("stripe")
def reconcile() -> None:
    """Compare with Stripe, and mend what a lost webhook left."""
    reconciling.reconcile(stripe=gateway(), now=clock.now())


@shared_task(name="paying.mirror_object")
@outward("stripe")
def mirror_object(kind: str, object_id: str) -> None:
    """Write an object into the mirror."""
    mirroring.mirror_object(kind, object_id)


@shared_task(name="paying.push_catalogue")
@outward("stripe")
def push_catalogue() -> None:
    """Make Stripe's catalogue what ours is, where ours leads."""
    if taking.leads() == "OURS" and settings.BILLING["STRIPE_SECRET_KEY"]:
        for plan, said in pushing.push_all(stripe=objects(), now=clock.now()):
            if said.startswith(pushing.REFUSED):
                log.warning("plan_not_pushed", plan=plan, reason=said)
