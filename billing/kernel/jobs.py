"""Waking tasks by name. A due row in Postgres is the job: a lost wake-up costs one beat."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from billing.kernel.services import once

log = structlog.get_logger(__name__)

QUEUE_AWAY: Final = (OSError, OperationalError, RedisError)
"""What a wake-up fails with where Valkey is away, slow or full."""


FIRST: Final = 0
"""The priority of what somebody waits for: the transport's highest."""


def enqueue(name: str, *, first: bool = False, **ids: UUID | int | str) -> None:
    """Wake a task once the current transaction commits. An unknown name raises KeyError at once.

    When the queue is away the wake-up is lost and logged; beat sweeps what is due. `first`: before
    others of a task that stands behind (config.settings.queues), since somebody waits for it.
    """
    task = current_app.tasks[name]
    kwargs = {key: str(value) for key, value in ids.items()}
    transaction.on_commit(partial(_wake, task, kwargs, {"priority": FIRST} if first else {}))


def _wake(task: Any, kwargs: dict[str, str], options: dict[str, int]) -> None:
    try:
        task.apply_async(kwargs=kwargs, retry=False, **options)
    except QUEUE_AWAY as e:
        log.warning("wake_up_lost", task=task.name, reason=str(e))


def run_now(name: str, **ids: UUID | int | str) -> None:
    """Do a task's work in this process: for work that the caller shall see when it is answered.

    Its failure does not fail the caller: the due row stays, and beat does it.
    """
    task = current_app.tasks[name]
    # The request's Idempotency-Key is about its own work, not about this.
    token = once.set(None)
    try:
        task.run(**{key: str(value) for key, value in ids.items()})
    except Exception:  # whatever it is, the row is still due
        log.exception("inline_work_failed", task=name)
    finally:
        once.reset(token)
