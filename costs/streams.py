"""Who watches which account's costs: one watcher for the process, however many are listening.

Each open stream has a thread of the web server's, which waits and does nothing else: no query, no
connection to the database. One thread looks once a second which of the watched accounts have
changed, and reads those once for all who listen. Everything is bounded: streams of the process and
of a tenant, the seconds of each, and what waits for a listener, which is the newest message only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.db import close_old_connections, connections

from costs.errors import TenantHasStreams, TooManyStreams

EVERY_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 10.0
READ_ANEW_SECONDS: Final = 30.0
GREETING: Final = b"retry: 3000\n\n"
HEARTBEAT: Final = b": still here\n\n"
GOODBYE: Final = b": closing, come back\n\n"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is sent. Its id is that of its content: equal costs have equal ids."""

    id: str
    data: bytes

    @property
    def event(self) -> bytes:
        return b"id: %s\nevent: current\ndata: %s\n\n" % (self.id.encode(), self.data)


@dataclass(slots=True)
class _Feed:
    """A watched account. `mark` is what it was last read by; `is_over`: there is nothing more."""

    message: Message
    mark: Hashable = None
    read_at: float = 0.0
    listeners: int = 0
    is_over: bool = False


class Hub:
    """The open streams of this process. `mark` is quick and changes whenever `read` might.

    `read` returns None where there is nothing to watch any more.
    """

    def __init__(
        self, *, mark: Callable[[UUID], Hashable], read: Callable[[UUID], Message | None]
    ) -> None:
        self._mark, self._read = mark, read
        self._feeds: dict[UUID, _Feed] = {}
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self.is_ending = False

    def open(
        self,
        account_id: UUID,
        first: Message,
        *,
        seen: str | None,
        most: int,
        most_per_account: int,
        seconds: float,
    ) -> Stream:
        """Begin to listen. Raises TenantHasStreams, TooManyStreams where a bound is reached."""
        with self._news:
            own = self._feeds.get(account_id)
            if (own.listeners if own is not None else 0) >= most_per_account:
                raise TenantHasStreams(retry_after=5, most=most_per_account)
            if self.is_ending or self.listeners >= most:
                raise TooManyStreams(retry_after=5)
            feed = self._feeds.setdefault(account_id, own or _Feed(message=first))
            feed.listeners += 1
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="cost-streams", daemon=True
                )
                self._thread.start()
        return Stream(self, account_id, feed, seen=seen, seconds=seconds)

    @property
    def listeners(self) -> int:
        return sum(feed.listeners for feed in self._feeds.values())

    def leave(self, account_id: UUID, feed: _Feed) -> None:
        with self._news:
            feed.listeners -= 1
            if feed.listeners <= 0 and self._feeds.get(account_id) is feed:
                del self._feeds[account_id]

    def end(self) -> None:
        """End all streams: the process is about to go."""
        with self._news:
            self.is_ending = True
            self._news.notify_all()

    def wait(self, feed: _Feed, seen: str | None, seconds: float) -> Message | None:
        """Wait for a message other than `seen`, so long at most; None where none came."""
        with self._news:
            self._news.wait_for(
                lambda: feed.message.id != seen or feed.is_over or self.is_ending, timeout=seconds
            )
            return feed.message if feed.message.id != seen else None

    def wait_to_end(self, seconds: float) -> None:
        """Wait so long, or until the process ends."""
        with self._news:
            self._news.wait_for(lambda: self.is_ending, timeout=seconds)

    def _watch(self) -> None:
        """Look after all feeds once a second, until there are none."""
        while True:
            began = time.monotonic()
            with self._news:
                feeds = list(self._feeds.items())
                if not feeds or self.is_ending:
                    self._thread = None
                    break
            for account_id, feed in feeds:
                try:
                    self._look(account_id, feed)
                except Exception:
                    log.exception("cost_stream_failed", account_id=str(account_id))
            close_old_connections()
            time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))
        connections.close_all()

    def _look(self, account_id: UUID, feed: _Feed) -> None:
        mark = self._mark(account_id)
        is_recent = time.monotonic() - feed.read_at < READ_ANEW_SECONDS
        if mark == feed.mark and is_recent:
            return
        message = self._read(account_id)
        with self._news:
            feed.mark, feed.read_at = mark, time.monotonic()
            if message is None:
                feed.is_over = True
            else:
                feed.message = message
            self._news.notify_all()


class Stream:
    """What one listener is sent: the newest costs when they change, at most once a second.

    `seen` is the id of the message that the listener has already: it is not sent again.
    """

    def __init__(
        self, hub: Hub, account_id: UUID, feed: _Feed, *, seen: str | None, seconds: float
    ) -> None:
        self._hub, self._account_id, self._feed = hub, account_id, feed
        self._seen = seen
        self._until = time.monotonic() + seconds
        self._next_at = 0.0
        self._has_begun = self._is_closed = self._said_goodbye = False

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            return GREETING + self._new(0.0)
        if self._said_goodbye:
            raise StopIteration
        if self._is_over():
            return self._goodbye()
        self._pause()
        left = self._until - time.monotonic()
        found = self._new(min(HEARTBEAT_SECONDS, max(0.0, left)))
        if found:
            return found
        return self._goodbye() if self._is_over() else HEARTBEAT

    def _is_over(self) -> bool:
        return self._hub.is_ending or self._feed.is_over or time.monotonic() >= self._until

    def _goodbye(self) -> bytes:
        self._said_goodbye = True
        return GOODBYE

    def _pause(self) -> None:
        """Let a second pass between two events; woken only where the process ends."""
        left = self._next_at - time.monotonic()
        if left > 0:
            self._hub.wait_to_end(left)

    def _new(self, seconds: float) -> bytes:
        message = self._hub.wait(self._feed, self._seen, seconds)
        if message is None:
            return b""
        self._seen = message.id
        self._next_at = time.monotonic() + EVERY_SECONDS
        return message.event

    def close(self) -> None:
        """Give the place back. The server calls it when the listener has gone."""
        if not self._is_closed:
            self._is_closed = True
            self._hub.leave(self._account_id, self._feed)

    def __del__(self) -> None:
        """Give it back also where nobody has closed it."""
        self.close()
