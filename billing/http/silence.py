"""Ending connections whose request has stopped in the middle: each holds a thread while it waits.

The web server reads a body while a thread waits for it, and has no limit of its own for that. So a
process looks through its connections: one on which nothing was received for a minute, and nothing
sent since, belongs to a client that has gone silent before its request was whole. No answer takes
as long. Connections that were answered and idle, and streams, have sent since.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

SILENT_SECONDS: Final = 60.0
"""More than the longest answer takes: advancing a test clock, 50 seconds."""

PAUSE_SECONDS: Final = 5.0
OPEN_FILES: Final = Path("/proc/self/fd")

# Of the kernel's `struct tcp_info`: eight bytes, then 32-bit numbers, of which we read two.
TIMES: Final = struct.Struct("=44xI4xI")


def watch() -> None:
    """Look for the rest of the process's life; where the system shows no open files, do nothing."""
    if OPEN_FILES.is_dir():
        threading.Thread(target=_watch, name="silent-connections", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(PAUSE_SECONDS)
        try:
            ended = end_silent(SILENT_SECONDS)
        except OSError as error:  # no file may be opened just now
            log.warning("silent_connections_unseen", exc_info=error)
            continue
        if ended:
            log.warning("silent_connections_ended", connections=ended)


def end_silent(seconds: float) -> int:
    """End the connections to our ports whose requests have been silent so long; say how many.

    Their reading ends as if the client had gone away.
    """
    found = list(_sockets())
    try:
        ports = {_port(one) for one in found if _listens(one)}
        silent = [
            one
            for one in found
            if not _listens(one) and _port(one) in ports and _is_silent(one, seconds)
        ]
        for one in silent:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RD)
        return len(silent)
    finally:
        for one in found:
            one.close()


def _sockets() -> Iterator[socket.socket]:
    """Yield the process's TCP sockets, each by a number of its own that the caller closes."""
    for file in OPEN_FILES.iterdir():
        try:
            number = int(file.name)
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            one = socket.socket(fileno=os.dup(number))
        except OSError:
            continue  # closed meanwhile
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
            yield one
        else:
            one.close()


def _listens(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _port(one: socket.socket) -> int:
    return int(one.getsockname()[1])


def _is_silent(one: socket.socket, seconds: float) -> bool:
    """Say whether the last that happened was something received, so long ago."""
    try:
        told = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TIMES.size)
    except OSError:
        return False
    since_sent, since_received = TIMES.unpack(told)
    return bool(seconds * 1000 < since_received <= since_sent)
