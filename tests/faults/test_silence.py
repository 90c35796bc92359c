"""Clients that stop in the middle of a request cost nobody else an answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing.http.silence import OPEN_FILES, end_silent
from launcher.services import THREADS_PER_WORKER, web
from tests.faults.test_server import PATH, SECRETS, ask, bearer, free_port, wait_for

CUT = 0.4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """Serve as `bin/up` does, with one process and a database that nobody listens for."""
    port, nobody = free_port(), free_port()
    environ = {
        **os.environ,
        **SECRETS,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgresql://nobody:nothing@127.0.0.1:{nobody}/nothing",
        "REDIS_URL": f"redis://127.0.0.1:{nobody}/0",
    }
    program = web(port=port, workers=1, environment=environ, log=tmp_path / "log")
    with subprocess.Popen(
        [sys.executable, *program.command[1:]],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def half_a_request(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=30)
    made.sendall(
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name"'.encode()
    )
    return made


def test_slow_clients_leave_threads_for_others(server: int) -> None:
    with ExitStack() as slow:
        for _ in range(THREADS_PER_WORKER - 4):
            slow.enter_context(half_a_request(server))
        time.sleep(1)

        began = time.monotonic()
        answers = [ask(server, "GET", "/healthz")[0] for _ in range(5)]

    assert answers == [200] * 5
    assert time.monotonic() - began < 15


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket, socket.socket]]:
    """A listening socket, a client, and our end of its connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        ours, _ = listener.accept()
        with ours:
            ours.settimeout(5)
            yield listener, client, ours


Pair = tuple[socket.socket, socket.socket, socket.socket]


def test_a_request_that_has_stopped_is_ended(pair: Pair) -> None:
    _, client, ours = pair
    client.sendall(b"POST / HTTP/1.1\r\nContent-Le")
    assert ours.recv(100)
    time.sleep(CUT * 1.5)

    assert end_silent(CUT) == 1
    assert ours.recv(100) == b""


def test_a_request_that_goes_on_is_left_alone(pair: Pair) -> None:
    _, client, ours = pair
    client.sendall(b"POST")
    time.sleep(CUT * 1.5)
    client.sendall(b" /")
    time.sleep(0.05)

    assert end_silent(CUT) == 0
    assert ours.recv(100) == b"POST /"


def test_what_was_answered_is_left_alone(pair: Pair) -> None:
    """An idle connection, and a stream whose client only listens."""
    _, client, ours = pair
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert ours.recv(100)
    time.sleep(0.05)
    ours.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    time.sleep(CUT * 1.5)

    assert end_silent(CUT) == 0


def test_a_connection_of_our_own_to_elsewhere_is_left_alone(pair: Pair) -> None:
    """The database's, say, which was silent since its last answer."""
    listener, client, ours = pair
    listener.close()
    ours.sendall(b"ready")
    assert client.recv(10)
    time.sleep(CUT * 1.5)

    assert end_silent(CUT) == 0


def test_looking_leaves_no_file_open(pair: Pair) -> None:
    """A process looks every few seconds for as long as it lives."""
    _, client, ours = pair
    client.sendall(b"POST")
    before = sorted(file.name for file in OPEN_FILES.iterdir())

    for _ in range(3):
        end_silent(CUT)

    assert sorted(file.name for file in OPEN_FILES.iterdir()) == before
    assert ours.recv(10) == b"POST"
