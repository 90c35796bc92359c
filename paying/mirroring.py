"""Handing what Stripe has to the mirror, after it was taken over: nothing waits for it."""

from __future__ import annotations

import structlog
from django.apps import apps

from billing.kernel import jobs
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.stripe.objects import PATHS, objects

log = structlog.get_logger(__name__)

TASK = "paying.mirror_object"


def wake(kind: str, name: str) -> None:
    """Have an object mirrored soon, where there is a mirror. A lost wake-up is a stale row."""
    if apps.is_installed("djstripe") and kind in PATHS:
        jobs.enqueue(TASK, kind=kind, object_id=name)


def mirror_object(kind: str, name: str) -> bool:
    """Write what Stripe has of an object now; return whether it could be."""
    from billing.stripe.mirror import writing  # noqa: PLC0415  its models are there only if wanted

    try:
        stripe = objects()
        found = stripe.one(kind, name)
        if found is None:
            return False
        writing.sync(found, fetch=stripe.one)
    except (StripeError, StripeNotConfigured, writing.NotMirrored) as error:
        log.info("not_mirrored", kind=kind, object=name, reason=str(error))
        return False
    return True
