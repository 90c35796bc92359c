"""Sending what is due: many at once, each outside of any transaction, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings

from webhooks import claiming
from webhooks.models import WebhookDelivery
from webhooks.noting import note
from webhooks.payloads import message_id, payload
from webhooks.posting import Answer, post
from webhooks.signing import headers_for

log = structlog.get_logger(__name__)

THREADS: Final = 16
BUDGET_SECONDS: Final = 20.0

Running = dict[Future[Answer], WebhookDelivery]


def send_due(*, read_clock: Callable[[], datetime], budget: float = BUDGET_SECONDS) -> int:
    """Send until nothing is due or `budget` seconds are over; return how many attempts ended.

    What is slow holds up nothing but its own thread: the others go on to what is due next. Sent
    at least once: a worker that dies between an answer and its note leaves the delivery due.
    """
    if not claiming.take_turn():
        return 0
    ends_at = time.monotonic() + budget
    running: Running = {}
    ended = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
        try:
            while time.monotonic() < ends_at:
                _fill(pool, running, read_clock=read_clock)
                if not running:
                    break
                ended += _gather(running, read_clock=read_clock)
        finally:
            claiming.end_turn()
        while running:
            ended += _gather(running, read_clock=read_clock)
    return ended


def _fill(
    pool: ThreadPoolExecutor, running: Running, *, read_clock: Callable[[], datetime]
) -> None:
    """Begin what is due, for as long as there are threads for an endpoint's share."""
    while THREADS - len(running) >= claiming.AT_ONCE:
        claimed = claiming.claim(now=read_clock(), endpoints=1)
        if not claimed:
            return
        running.update({_begin(pool, row, now=read_clock()): row for row in claimed})


def _gather(running: Running, *, read_clock: Callable[[], datetime]) -> int:
    """Note what has ended, and wait for no longer than a second for anything."""
    done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
    for future in done:
        _end(running.pop(future), future.result(), now=read_clock())
    return len(done)


def _begin(pool: ThreadPoolExecutor, delivery: WebhookDelivery, *, now: datetime) -> Future[Answer]:
    body = payload(delivery)
    headers = headers_for(
        delivery.endpoint.secrets_at(now), message_id=message_id(delivery), body=body, now=now
    )
    networks = settings.BILLING["BILLING_WEBHOOK_NETWORKS"]
    return pool.submit(post, delivery.endpoint.url, body, headers, networks=networks)


def _end(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    status = note(delivery_id=delivery.pk, answer=answer, now=now)
    if not answer.is_success:
        log.warning(
            "webhook_failed",
            webhook=str(delivery.endpoint_id),
            delivery=str(delivery.pk),
            attempt=delivery.attempts + 1,
            status=answer.status,
            reason=answer.failure,
            state=status,
        )
