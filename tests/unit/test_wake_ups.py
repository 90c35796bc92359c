"""A wake-up that is lost, because the queue is away, fails nothing: beat finds what is due."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as ValkeyGone

from billing.kernel import jobs

AWAY = [
    OperationalError("Error 111 connecting"),
    ValkeyGone("Connection reset by peer"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError("timed out"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_where_the_queue_is_away_it_is_lost_and_nothing_fails(error: Exception) -> None:
    task = current_app.tasks["paying.sweep_inbox"]

    with patch.object(task, "apply_async", side_effect=error) as asked:
        jobs._wake(task, {})

    asked.assert_called_once()


def test_a_bug_is_not_taken_for_a_queue_that_is_away() -> None:
    task = current_app.tasks["paying.sweep_inbox"]

    with (
        patch.object(task, "apply_async", side_effect=ValueError("a bug")),
        pytest.raises(ValueError, match="a bug"),
    ):
        jobs._wake(task, {})
