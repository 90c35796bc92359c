"""Telling Stripe what changed of a customer: its name, e-mail and address.

A trigger on the tenants' table sets `tell_at`, whoever changes one; this is the worker's part.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from billing.kernel.outward import within
from billing.kernel.services import service
from billing.stripe.errors import StripeError, StripeRefused
from billing.stripe.gateway import Gateway, Party
from paying.models import Profile
from tenants.models import Tenant

log = structlog.get_logger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=5)
SWEEP: Final = 100


def party_of(tenant: Tenant) -> Party:
    """Return what Stripe shall know of a tenant."""
    address = {name: value for name, value in (tenant.address or {}).items() if value}
    return Party(tenant.billing_email, tenant.name, address)


def say_changes(*, stripe: Gateway, now: datetime) -> None:
    """Tell what is due to be told. Real time; where Stripe is away it stays due."""
    if not stripe.is_configured:
        return
    due = Profile.objects.select_related("account").filter(tell_at__lte=now).order_by("tell_at")
    for profile in within(list(due[:SWEEP])):
        try:
            _say(profile, stripe=stripe)
        except StripeRefused as error:
            log.warning("customer_not_told", account=str(profile.pk), reason=error.reason)
            note_said(profile=profile, again_at=None)
        except StripeError:
            note_said(profile=profile, again_at=now + AGAIN_AFTER)
        else:
            note_said(profile=profile, again_at=None)


def _say(profile: Profile, *, stripe: Gateway) -> None:
    account, told = profile.account, profile.tell_at
    if not account.stripe_customer_id or account.closed_at is not None or told is None:
        return
    stripe.update_customer(
        customer_id=account.stripe_customer_id,
        party=party_of(Tenant.objects.get(account_id=account.pk)),
        idempotency_key=f"account:{account.pk}:say:{int(told.timestamp() * 1_000_000)}",
    )


@service
def note_said(*, profile: Profile, again_at: datetime | None) -> None:
    """Note that it was told, unless it changed again meanwhile."""
    Profile.objects.filter(pk=profile.pk, tell_at=profile.tell_at).update(tell_at=again_at)
