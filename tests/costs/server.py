"""A real web process on the test's database, and a listener that reads its events."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from tests.faults.test_server import SECRETS, ask, free_port

Event = dict[str, str]
READY_SECONDS = 180


@contextmanager
def served(**settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve as `bin/up` does, with one worker, its settings given."""
    port = free_port()
    address = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    environ = {
        **os.environ,
        **SECRETS,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": database,
        **settings,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--blocking-threads", "8"]
    command += ["--workers-kill-timeout", "25", "config.wsgi:application"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, process)
        yield port, process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=40)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process answers: it has a whole Django to load."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the web process ended"
        try:
            if ask(port, "GET", "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the web process did not answer within {READY_SECONDS} s")


class Listener:
    """Reads a stream's events. It may also never read: nothing is read before it is asked for."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=40)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self._head: tuple[int, dict[str, str]] | None = None

    @property
    def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers."""
        if self._head is None:
            status = int(self.file.readline().split()[1])
            headers = {}
            while (line := self.file.readline().strip()) != b"":
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            self._head = status, headers
        return self._head

    def chunks(self) -> Iterator[bytes]:
        """Yield what is sent, until it ends."""
        assert self.head[1].get("transfer-encoding") == "chunked"
        while size := int(self.file.readline() or b"0", 16):
            chunk = self.file.read(size)
            self.file.readline()
            yield chunk

    def event(self) -> Event:
        """Return the next event, comments left out. Raises EOFError at the end."""
        for chunk in self.chunks():
            for block in chunk.decode().split("\n\n"):
                if "data:" in block:
                    return dict(line.split(": ", 1) for line in block.split("\n"))
        raise EOFError

    def rest(self) -> list[bytes]:
        """Return all that comes until the stream ends."""
        return list(self.chunks())

    def close(self) -> None:
        self.file.close()
        self.socket.close()
