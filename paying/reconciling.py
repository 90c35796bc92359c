"""Comparing with Stripe: what it says happened, and what it has of what is undecided here.

An event that we were never told of goes into the same inbox, and is read like any other. Things
that are undecided for long are looked at by themselves, as Stripe keeps events for 30 days only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q

from billing.kernel.services import service
from billing.models import Account, PlanVersion, Subscription
from billing.stripe.catalogue.pushing import product_id
from billing.stripe.errors import StripeError
from billing.stripe.gateway import Gateway
from billing.stripe.values import EventState
from paying.inbox.kinds import is_handled
from paying.inbox.storing import keep_event
from paying.inbox.working import serialized, turn_of
from paying.models import Checkout, Intent, Reconciliation, StripeEvent, StripeThing
from paying.records import CheckoutStatus, EventSource, Purpose
from paying.syncing import catalogue, seeing
from paying.syncing.drifting import OVER
from paying.syncing.handlers import HANDLERS

log = structlog.get_logger(__name__)

FIRST_LOOK: Final = timedelta(days=1)
LONGEST_LOOK: Final = timedelta(days=29)
"""Stripe keeps events for 30 days."""
OVERLAP: Final = timedelta(minutes=15)
IN_FLIGHT: Final = timedelta(minutes=5)
"""What happened a moment ago may be on its way still: the next comparison sees it."""
PAGES: Final = 200
UNDECIDED_FOR: Final = timedelta(hours=1)
UNSEEN_FOR: Final = timedelta(days=1)
OBJECTS: Final = 200
KEPT: Final = 1_000
CATALOGUE: Final = ("price", "product")


def reconcile(*, stripe: Gateway, now: datetime) -> Reconciliation | None:
    """Compare, and return how it went; None where there is no Stripe. Real time.

    A failure on the way is noted, and the next comparison begins where this one did.
    """
    if not stripe.is_configured:
        return None
    row = Reconciliation(since=begins_at(now), until=now - IN_FLIGHT, at=now)
    try:
        for event in happened(stripe, row):
            row.events += 1
            if keep_event(event=event, source=EventSource.RECONCILER, now=now):
                row.missed += 1
        row.objects_read, row.drifting = look_at_undecided(stripe=stripe, now=now)
    except StripeError as error:
        row.failure = f"{type(error).__name__} {error.reason}"[:255]
    record(row=row)
    say = log.warning if row.missed or row.failure or row.drifting else log.info
    found = {"events": row.events, "missed": row.missed, "drifting": row.drifting}
    say("compared_with_stripe", **found, failure=row.failure)
    return row


def begins_at(now: datetime) -> datetime:
    """Return where the last whole comparison ended, a little earlier; at first, a day ago."""
    last = Reconciliation.objects.filter(failure="", is_whole=True).order_by("-at").first()
    wanted = now - FIRST_LOOK if last is None else last.until - OVERLAP
    return max(wanted, now - LONGEST_LOOK)


def happened(stripe: Gateway, row: Reconciliation) -> Iterator[EventState]:
    """Yield the events of the stretch that we do something about and do not have."""
    before = ""
    for _ in range(PAGES):
        page = stripe.events(since=row.since, before=before)
        known = set(
            StripeEvent.objects.filter(pk__in=[e.id for e in page.events]).values_list(
                "pk", flat=True
            )
        )
        for event in page.events:
            is_new = event.id not in known and event.created_at < row.until
            if is_new and is_handled(event.type, event.object_type):
                yield event
        if not page.has_more or not page.events:
            return
        before = page.events[-1].id
    row.is_whole = False


def look_at_undecided(*, stripe: Gateway, now: datetime) -> tuple[int, int]:
    """Read what has been undecided for long, what differed, and what was not seen for a day.

    Returns how many were read, and of how many ours differs from Stripe's.
    """
    count = 0
    drifts: set[str] = set()
    for kind, name in undecided(now):
        with serialized(turn_of(kind, name)) as is_mine:
            if is_mine:
                done = HANDLERS[kind](name, stripe=stripe, now=now)
                drifts |= seeing.see(name=name, kind=kind, done=done, now=now)
                count += 1
    return count, len(drifts)


def undecided(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of the things to look at, bounded."""
    old = now - UNDECIDED_FOR
    intents = Intent.objects.undecided().filter(asked_at__lt=old, stripe_id__isnull=False)
    rows = intents.order_by("asked_at").values_list("stripe_id", "purpose")
    for name, purpose in rows[:OBJECTS]:
        yield "invoice" if purpose == Purpose.PUSHED else "payment_intent", str(name)
    pages = Checkout.objects.filter(status=CheckoutStatus.OPEN, created_at__lt=old)
    for name in pages.order_by("created_at").values_list("stripe_id", flat=True)[:OBJECTS]:
        yield "checkout.session", str(name)
    yield from unseen(now)


def unseen(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what was not seen for a day, and what differed when it was seen last."""
    rested = Q(seen_at__gt=now - UNSEEN_FOR) | Q(status__in=OVER)
    seen = StripeThing.objects.filter(rested, kind="subscription")
    led = Subscription.objects.exclude(stripe_subscription_id="")
    led = led.filter(account__closed_at__isnull=True)
    led = led.exclude(stripe_subscription_id__in=seen.values("pk")).order_by("pk")
    for name in led.values_list("stripe_subscription_id", flat=True)[:OBJECTS]:
        yield "subscription", name
    seen = StripeThing.objects.filter(kind="customer", seen_at__gt=now - UNSEEN_FOR)
    linked = Account.objects.filter(stripe_customer_id__gt="", closed_at__isnull=True)
    linked = linked.exclude(stripe_customer_id__in=seen.values("pk")).order_by("pk")
    for name in linked.values_list("stripe_customer_id", flat=True)[:OBJECTS]:
        yield "customer", name
    yield from unseen_of_the_catalogue(now)
    differs = StripeThing.objects.exclude(drift="").filter(kind__in=HANDLERS, seen_at__lt=now)
    for name, kind in differs.order_by("seen_at").values_list("pk", "kind")[:OBJECTS]:
        yield kind, name


def unseen_of_the_catalogue(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the prices of plans on the offer, and the products that plans should be."""
    if not settings.BILLING["STRIPE_SECRET_KEY"]:
        return
    seen = StripeThing.objects.filter(kind__in=CATALOGUE, seen_at__gt=now - UNSEEN_FOR)
    sold = PlanVersion.objects.newest().filter(stripe_price_id__gt="", plan__is_active=True)
    sold = sold.exclude(stripe_price_id__in=seen.values("pk")).order_by("pk")
    for name in sold.values_list("stripe_price_id", flat=True)[:OBJECTS]:
        yield "price", name
    rested = set(seen.values_list("pk", flat=True))
    wanted = (product_id(version.plan) for version in catalogue.unpushed())
    for name in islice((name for name in wanted if name not in rested), OBJECTS):
        yield "product", name


@service
def record(*, row: Reconciliation) -> None:
    """Keep how it went; the oldest go."""
    row.save()
    old = Reconciliation.objects.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 100]
    Reconciliation.objects.filter(pk__in=list(old)).delete()
