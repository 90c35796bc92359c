"""The hub and its streams, without a server and without costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest

from costs import streams
from costs.errors import TenantHasStreams, TooManyStreams
from costs.streams import GOODBYE, GREETING, HEARTBEAT, Hub, Message, Stream


class Source:
    """Costs that a test sets."""

    def __init__(self) -> None:
        self.text = "a"
        self.reads = 0
        self.fails = False
        self.is_gone = False

    def mark(self, _account: UUID) -> str:
        return f"{self.text} {self.is_gone}"

    def read(self, _account: UUID) -> Message | None:
        self.reads += 1
        if self.fails:
            raise ValueError
        return None if self.is_gone else Message(id=self.text, data=self.text.encode())


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(streams, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.4)
    for name in ("close_old_connections", "connections"):
        monkeypatch.setattr(streams, name, Mock())
    return Source()


@pytest.fixture
def hub(source: Source) -> Iterator[Hub]:
    made = Hub(mark=source.mark, read=source.read)
    yield made
    made.end()


def listen(
    hub: Hub, account: UUID, *, seen: str | None = None, seconds: float = 60, most: int = 3
) -> Stream:
    first = Message(id="a", data=b"a")
    return hub.open(account, first, seen=seen, most=most, most_per_account=2, seconds=seconds)


def event(text: str) -> bytes:
    return f"id: {text}\nevent: current\ndata: {text}\n\n".encode()


def test_the_first_comes_at_once_then_changes_and_heartbeats(hub: Hub, source: Source) -> None:
    stream = listen(hub, uuid4())

    assert next(stream) == GREETING + event("a")
    assert next(stream) == HEARTBEAT
    source.text = "b"
    assert next(stream) == event("b")


def test_what_the_listener_has_is_not_sent_again(hub: Hub, source: Source) -> None:
    stream = listen(hub, uuid4(), seen="a")

    assert next(stream) == GREETING
    source.text = "c"
    assert next(stream) == event("c")


def test_many_listeners_cost_one_reading(hub: Hub, source: Source) -> None:
    account = uuid4()
    both = [listen(hub, account), listen(hub, account)]
    for stream in both:
        next(stream)
    time.sleep(0.2)
    before = source.reads

    source.text = "b"

    assert [next(stream) for stream in both] == [event("b")] * 2
    assert source.reads == before + 1


def test_streams_are_bounded_and_places_come_back(hub: Hub) -> None:
    account = uuid4()
    first, _second = listen(hub, account), listen(hub, account)

    with pytest.raises(TenantHasStreams):
        listen(hub, account)
    _another = listen(hub, uuid4())
    with pytest.raises(TooManyStreams):
        listen(hub, uuid4())
    first.close()
    first.close()
    _third = listen(hub, account)
    assert hub.listeners == 3


def test_a_stream_has_its_time(hub: Hub) -> None:
    stream = listen(hub, uuid4(), seconds=0.2)

    said = list(stream)

    assert said[0] == GREETING + event("a")
    assert said[-1] == GOODBYE


def test_all_end_with_the_process(hub: Hub) -> None:
    stream = listen(hub, uuid4())
    next(stream)
    threading.Timer(0.1, hub.end).start()
    began = time.monotonic()

    assert list(stream) == [GOODBYE]
    assert time.monotonic() - began < 0.35  # woken, before the heartbeat
    with pytest.raises(TooManyStreams):
        listen(hub, uuid4())


def test_an_end_of_the_costs_is_one_of_the_stream(hub: Hub, source: Source) -> None:
    stream = listen(hub, uuid4())
    next(stream)
    source.is_gone = True

    assert list(stream) == [GOODBYE]


def test_a_failing_read_ends_nothing(hub: Hub, source: Source) -> None:
    stream = listen(hub, uuid4())
    next(stream)
    source.fails, source.text = True, "b"
    assert next(stream) == HEARTBEAT
    source.fails = False

    assert next(stream) == event("b")


def test_at_most_one_event_comes_in_its_time(
    hub: Hub, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = listen(hub, uuid4())
    next(stream)
    source.text = "b"
    began = time.monotonic()
    next(stream)
    source.text = "c"
    next(stream)

    assert time.monotonic() - began >= 0.05
    assert source.reads >= 2
