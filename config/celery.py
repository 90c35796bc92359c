"""The Celery application: worker and beat start from here."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

app = Celery("billing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Leave logging as the settings made it: one JSON object a line."""


@worker_ready.connect
def show_life(**_: Any) -> None:
    """Beat once at the start: `/readyz` need not wait for the first scheduled heartbeat.

    The courier's life says nothing of the worker's.
    """
    from billing.kernel import clock, liveness  # noqa: PLC0415  the apps are loaded by now

    if app.conf.task_default_queue in app.amqp.queues.consume_from:
        liveness.beat(now=clock.now())
