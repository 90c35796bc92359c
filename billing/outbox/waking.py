"""Waking whoever hands events on: soon after a commit, and once for many."""

from __future__ import annotations

import time
from typing import Final

import structlog
from celery import current_app

from billing.kernel.jobs import QUEUE_AWAY

log = structlog.get_logger(__name__)

HAND_ON: Final = "webhooks.hand_on"
DELAY_SECONDS: Final = 0.25
"""A wake-up comes so long after the commit that asked for it, and serves all that commit before."""
_COVERED: Final = 0.2
PAUSE_SECONDS: Final = 5.0
"""Where the queue is away no commit waits for it again so soon; beat looks each five seconds."""

_asked_at = float("-inf")


def wake() -> None:
    """Ask for a wake-up, unless one that is still to come serves this commit too.

    A lost one costs a beat. Races between threads cost a wake-up too many.
    """
    global _asked_at  # noqa: PLW0603  one process, one moment
    now = time.monotonic()
    if now - _asked_at < _COVERED:
        return
    task = current_app.tasks.get(HAND_ON)
    if task is None:
        return
    _asked_at = now
    try:
        task.apply_async(countdown=DELAY_SECONDS, retry=False, expires=60)
    except QUEUE_AWAY as e:
        _asked_at = now + PAUSE_SECONDS
        log.warning("wake_up_lost", task=HAND_ON, reason=str(e))
