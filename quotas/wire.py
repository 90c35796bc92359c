"""The script's way to Valkey: one write, one read. The library's own way takes five times as long.

The library still makes the connections (TLS, passwords, the database's number) and does whatever is
not hot.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Mapping
from select import POLLIN, poll
from typing import Final

import redis
from redis.connection import AbstractConnection

from quotas.valkey import CONNECTIONS, client

LONGEST_REPLY: Final = 65_536
_idle: Final[dict[str, deque[AbstractConnection]]] = {}

Reply = int | bytes | list["Reply"] | None


def call(url: str, *words: bytes | str | int) -> Reply:
    """Send a command and return its reply.

    Nothing is sent twice. Raises redis.ConnectionError, TimeoutError, and redis.ResponseError for
    what Valkey refuses.
    """
    idle = _idle.setdefault(url, deque())
    connection = _take(idle)
    try:
        reply = _exchange(_socket_of(connection), packed(words))
    except BaseException as error:
        _drop(connection)
        if isinstance(error, OSError | ValueError | IndexError):
            raise redis.ConnectionError(f"Valkey does not answer: {error!r}") from error
        raise
    if len(idle) < CONNECTIONS:
        idle.append(connection)
    else:
        _drop(connection)
    if isinstance(reply, redis.ResponseError):
        raise reply
    return reply


def packed(words: tuple[bytes | str | int, ...]) -> bytes:
    """Write a command as Valkey reads it: a list of texts, each after its length."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        text = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)


def parsed(data: bytes, place: int = 0) -> tuple[Reply | redis.ResponseError, int] | None:
    """Read a reply from a place on: it and where it ends, or None where it is not whole yet."""
    end = data.find(b"\r\n", place)
    if end < 0:
        return None
    kind, said, end = data[place : place + 1], data[place + 1 : end], end + 2
    if kind == b"*":
        return _list(data, int(said), end)
    if kind == b"$":
        return _text(data, int(said), end)
    if kind not in SIMPLE:
        raise ValueError("this is no reply of Valkey's")
    return SIMPLE[kind](said), end


SIMPLE: Final[Mapping[bytes, Callable[[bytes], Reply | redis.ResponseError]]] = {
    b":": int,
    b"+": bytes,
    b"-": lambda said: redis.ResponseError(said.decode(errors="replace")),
}


def _text(data: bytes, length: int, place: int) -> tuple[Reply, int] | None:
    if length < 0:
        return None, place
    end = place + length
    return (data[place:end], end + 2) if len(data) >= end + 2 else None


def _list(data: bytes, count: int, place: int) -> tuple[Reply, int] | None:
    items: list[Reply] = []
    for _ in range(count):
        found = parsed(data, place)
        if found is None:
            return None
        item, place = found
        if isinstance(item, redis.ResponseError):
            raise ValueError("an error stands within a list")  # noqa: TRY004
        items.append(item)
    return items, place


def _exchange(peer: socket.socket, command: bytes) -> Reply | redis.ResponseError:
    peer.sendall(command)
    data = b""
    while len(data) < LONGEST_REPLY:
        got = peer.recv(LONGEST_REPLY)
        if not got:
            raise ConnectionResetError("closed")
        data += got
        found = parsed(data)
        if found is not None:
            return found[0]
    raise ValueError("the reply is too long")


def _take(idle: deque[AbstractConnection]) -> AbstractConnection:
    """Take the connection that was used last, or make one; what Valkey has closed is dropped."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            break
        if not _is_readable(_socket_of(connection)):
            return connection
        _drop(connection)
    pool = client().connection_pool
    made: AbstractConnection = pool.connection_class(**pool.connection_kwargs)
    made.connect()  # type: ignore[no-untyped-call]
    return made


def _drop(connection: AbstractConnection) -> None:
    connection.disconnect()  # type: ignore[no-untyped-call]


def _socket_of(connection: AbstractConnection) -> socket.socket:
    found: socket.socket | None = connection._sock  # noqa: SLF001
    assert found is not None, "a connection in hand is connected"
    return found


def _is_readable(peer: socket.socket) -> bool:
    """Say whether something waits though nothing was asked: an end, or half an old reply."""
    asked = poll()
    asked.register(peer, POLLIN)
    return bool(asked.poll(0))
