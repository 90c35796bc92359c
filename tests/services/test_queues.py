"""Which worker does what, and that what waits for others leaves places for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any
from unittest.mock import PropertyMock, patch
from uuid import uuid4

import pytest
from celery import Task, current_app
from django.test import TestCase
from kombu.exceptions import OperationalError
from redis import RedisError

from billing.kernel import jobs, liveness, outward
from billing.outbox import publish
from config.celery import app, show_life
from config.settings.beat import SCHEDULE
from config.settings.queues import LAST
from launcher import services
from tests import factories

OURS = ("billing", "invoicing", "quotas", "alerts", "webhooks", "customers", "paying")


def tasks() -> Iterator[Any]:
    for name, task in sorted(current_app.tasks.items()):
        if name.partition(".")[0] in OURS:
            yield task


def queue_of(task: Any) -> str:
    return str(current_app.amqp.router.route({}, task.name)["queue"].name)


def test_all_that_waits_for_others_and_what_must_be_prompt_is_the_couriers() -> None:
    waiting = {task.name for task in tasks() if hasattr(task.run, "waits_for")}

    assert waiting > {"webhooks.hand_on", "invoicing.send_mail", "paying.collect_due"}
    assert {task.name for task in tasks() if queue_of(task) == "courier"} == waiting | {
        "alerts.sweep",
        "quotas.expire_reservations",
    }


def test_what_is_made_ahead_stands_behind_all_else() -> None:
    behind = {"invoicing.render_pdf", "invoicing.render_credit_note", "invoicing.render_due"}
    route = current_app.amqp.router.route

    assert {task.name for task in tasks() if "priority" in route({}, task.name)} == behind
    assert {route({}, name)["priority"] for name in behind} == {LAST}
    assert {route({"priority": jobs.FIRST}, name)["priority"] for name in behind} == {jobs.FIRST}


def test_what_somebody_waits_for_is_taken_from_the_queue_first() -> None:
    with app.connection_for_write() as wire, wire.SimpleQueue(f"test-{uuid4()}") as queue:
        queue.put("made ahead", priority=LAST)
        queue.put("waited for", priority=jobs.FIRST)

        taken = [queue.get(timeout=10) for _ in range(2)]
        for message in taken:
            message.ack()

    assert [message.payload for message in taken] == ["waited for", "made ahead"]


def test_beat_asks_for_tasks_that_there_are() -> None:
    known = {task.name for task in tasks()}

    assert {entry["task"] for entry in SCHEDULE.values()} <= known


@pytest.mark.parametrize(("queue", "beats"), [("celery", 1), ("courier", 0)])
def test_only_the_workers_start_is_its_sign_of_life(queue: str, beats: int) -> None:
    queues = PropertyMock(return_value={queue: None})
    with (
        patch.object(type(app.amqp.queues), "consume_from", queues),
        patch.object(liveness, "beat") as beat,
    ):
        show_life()

    assert beat.call_count == beats


def test_the_courier_has_a_thread_more_than_there_are_places() -> None:
    assert sum(outward.PLACES.values()) < services.COURIER_THREADS


@pytest.mark.parametrize(
    "error", [OperationalError("refused"), RedisError("loading"), ConnectionResetError(), OSError()]
)
def test_where_the_queue_is_away_a_commit_is_a_commit(error: Exception, db: None) -> None:
    account = factories.account()
    with (
        patch.object(Task, "apply_async", side_effect=error) as wakes,
        TestCase.captureOnCommitCallbacks(execute=True),
    ):
        publish(account.pk, "invoice.paid", {}, now=factories.LONG_AGO)
        jobs.enqueue("invoicing.run_account", account_id=account.pk)

    assert wakes.call_count >= 1


def test_who_finds_no_place_does_nothing_and_places_come_back() -> None:
    began, may_end, done = Event(), Event(), []

    @outward.outward("webhook")
    def hangs(name: str) -> None:
        began.set()
        may_end.wait(30)
        done.append(name)

    threads = [Thread(target=hangs, args=(name,)) for name in "ab"]
    for thread in threads:
        began.clear()
        thread.start()
        assert began.wait(30)
    hangs("c")
    assert done == []

    may_end.set()
    for thread in threads:
        thread.join(30)
    hangs("d")

    assert sorted(done) == ["a", "b", "d"]


@pytest.mark.parametrize(("seconds", "count"), [(60.0, 5), (0.0, 0)])
def test_a_sweep_begins_nothing_when_its_time_is_over(seconds: float, count: int) -> None:
    assert len(list(outward.within(range(5), seconds=seconds))) == count
