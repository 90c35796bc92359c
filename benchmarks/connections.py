"""Connections that are kept busy, one request at a time each: a client that costs little itself.

The requests are bytes that were made beforehand; an answer ends with a JSON object's last brace.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

PATIENCE_SECONDS = 30.0


class Answer(NamedTuple):
    """What came of one request. `status` is 0 where the connection ended instead."""

    request: bytes
    seconds: float
    status: int
    said: bytes


class Connections:
    """Some connections to one port. They end when the requests do, or nothing is said any more."""

    def __init__(self, port: int, requests: Iterator[bytes], count: int) -> None:
        self.port, self.requests, self.count = port, requests, count
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.sent: dict[int, tuple[bytes, float]] = {}
        self.heard: dict[int, bytes] = {}

    def answers(self) -> Iterator[Answer]:
        """Yield each answer as it comes; its connection sends the next request after that."""
        for _ in range(self.count):
            self._open()
        while self.sockets:
            ready = self.poll.poll(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError("The server has stopped answering.")
            for number, _ in ready:
                answer = self._hear(number)
                if answer is not None:
                    yield answer
                    self._go_on(number, is_open=answer.status != 0)

    def _open(self) -> None:
        one = socket.create_connection(("127.0.0.1", self.port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets[one.fileno()] = one
        self.poll.register(one, select.EPOLLIN)
        self._send(one.fileno())

    def _send(self, number: int) -> None:
        request = next(self.requests, None)
        if request is None:
            self._close(number)
            return
        self.heard[number], self.sent[number] = b"", (request, time.perf_counter())
        self.sockets[number].sendall(request)

    def _hear(self, number: int) -> Answer | None:
        try:
            got = self.sockets[number].recv(65536)
        except OSError:
            got = b""
        said = self.heard[number] = self.heard[number] + got
        if got and not said.endswith(b"}"):
            return None
        request, began = self.sent[number]
        status = int(said[9:12]) if got else 0
        return Answer(request, time.perf_counter() - began, status, said)

    def _go_on(self, number: int, *, is_open: bool) -> None:
        if is_open:
            self._send(number)
        else:
            self._close(number)
            self._open()

    def _close(self, number: int) -> None:
        self.poll.unregister(number)
        self.sockets.pop(number).close()
