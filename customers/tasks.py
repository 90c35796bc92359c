"""Wake-ups of the sagas of a customer's life. The due rows are the jobs."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from billing.kernel import clock
from billing.kernel.outward import outward
from billing.stripe.current import gateway
from customers.services import carrying, undoing


@shared_task(name="customers.carry_deletion")
@outward("stripe")
def carry_deletion(account_id: str) -> None:
    """Carry one deletion on."""
    carrying.carry_deletion(account_id=UUID(account_id), stripe=gateway(), now=clock.now())


@shared_task(name="customers.sweep_deletions")
@outward("stripe")
def sweep_deletions() -> None:
    """Carry on the deletions whose wake-up was lost, or that have to be tried again."""
    carrying.sweep_deletions(stripe=gateway(), now=clock.now())


@shared_task(name="customers.undo_creation")
@outward("stripe")
def undo_creation(creation_id: str) -> None:
    """Undo one creation that was given up."""
    undoing.undo_creation(creation_id=UUID(creation_id), stripe=gateway(), now=clock.now())


@shared_task(name="customers.sweep_creations")
@outward("stripe")
def sweep_creations() -> None:
    """Give up the creations that nobody goes on with, and undo those that were given up."""
    undoing.sweep_creations(stripe=gateway(), now=clock.now())
