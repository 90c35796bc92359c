"""A real web process whose database is away: what only the wire shows."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.client import token

MIB = 1024 * 1024
PATH = "/api/v1/billing/tenants"
SECRETS = {
    "SECRET_KEY": "tests-only-secret-key-that-is-long-enough-0123456789",
    "JWT_SECRET": "tests-only-jwt-secret-that-is-long-enough-0123456789",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """Serve on a free port, with a database and a queue that nobody listens for."""
    port, nobody = free_port(), free_port()
    environ = {
        **os.environ,
        **SECRETS,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgresql://nobody:nothing@127.0.0.1:{nobody}/nothing",
        "REDIS_URL": f"redis://127.0.0.1:{nobody}/0",
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "config.wsgi:application"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the web process ended"
        try:
            if ask(port, "GET", "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web process did not answer within 60 s")


def ask(
    port: int, method: str, path: str, *, body: object = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        chunked = body is not None and not isinstance(body, bytes)
        connection.request(method, path, body=body, headers=named, encode_chunked=chunked)  # type: ignore[arg-type]
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def code_of(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    status, headers, body = answer
    error = json.loads(body)["error"]
    assert headers["x-request-id"] == error["requestId"]
    assert headers["x-error"].isascii()
    assert len(headers["x-error-id"]) == 32
    return status, error["code"]


def bearer() -> str:
    return f"Bearer {token('billing_admin', secret=SECRETS['JWT_SECRET'])}"


def chunks(size: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * size


def test_a_chunked_body_is_read_to_its_end(server: int) -> None:
    parts = iter([b'{"name": "Ac', b'me", "nmae"', b": 1}"])
    headers = {"Authorization": bearer(), "Content_Type": "application/json"}

    answer = ask(server, "POST", PATH, body=parts, **headers, Transfer_Encoding="chunked")

    assert code_of(answer) == (400, "INVALID_REQUEST")
    assert json.loads(answer[2])["error"]["details"][0]["field"] == "nmae"


def test_a_chunked_body_over_the_limit_is_a_413(server: int) -> None:
    """Sent over a raw socket: the refusal may come while we still send."""
    with socket.create_connection(("127.0.0.1", server), timeout=30) as wire:
        wire.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        try:
            for part in chunks(MIB, 11):
                wire.sendall(b"%x\r\n" % len(part) + part + b"\r\n")
            wire.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # refused before the end
        status_line = wire.recv(64)

    assert status_line.startswith(b"HTTP/1.1 413")


def test_a_told_length_over_the_limit_is_a_413_before_the_body(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=30) as wire:
        wire.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {11 * MIB}\r\n\r\n{{".encode()
        )
        answer = wire.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"x-error: The body is larger than 10 MiB" in answer


@pytest.mark.parametrize(
    ("path", "size", "refusal"),
    [
        (PATH, 11 * MIB, (413, "BODY_TOO_LARGE")),
        ("/api/billing/v1/limits/consume", 11 * MIB, (413, "BODY_TOO_LARGE")),
        (PATH, 9 * MIB, (401, "NOT_AUTHENTICATED")),
        ("/api/billing/v1/limits/consume", 9 * MIB, (401, "NOT_AUTHENTICATED")),
        ("/nothing", 9 * MIB, (404, "ROUTE_NOT_FOUND")),
        ("/healthz", 9 * MIB, (405, "METHOD_NOT_ALLOWED")),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_all_before_it_reads_gets_the_refusal(
    server: int, path: str, size: int, refusal: tuple[int, str], *, chunked: bool
) -> None:
    """As Python's own client does, which a connection that is closed meanwhile tells nothing."""
    body = chunks(MIB, size // MIB) if chunked else b" " * size
    headers = {"Transfer_Encoding": "chunked"} if chunked else {}

    for _ in range(3):
        answer = ask(server, "POST", path, body=body, Content_Type="application/json", **headers)
        assert code_of(answer) == refusal
        body = chunks(MIB, size // MIB) if chunked else body


def test_a_body_that_ends_early_is_not_taken_for_whole(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=30) as wire:
        wire.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
            'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name": "Acme"}'.encode()
        )
        wire.shutdown(socket.SHUT_WR)
        answer = wire.recv(65536)

    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 500"))


def test_without_the_database_an_answer_is_a_503(server: int) -> None:
    for method, path, body in (
        ("GET", "/api/v1/billing/meters", None),
        ("POST", PATH, b'{"name": "Acme"}'),
    ):
        headers = {"Authorization": bearer(), "Content_Type": "application/json"}
        answer = ask(server, method, path, body=body, **headers)

        assert code_of(answer) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer[1]["retry-after"]) > 0


def test_without_the_database_a_keyed_request_is_a_503_that_is_not_kept(server: int) -> None:
    headers = {"Authorization": bearer(), "Content_Type": "application/json"}

    answer = ask(server, "POST", PATH, body=b'{"name": "A"}', **headers, Idempotency_Key="k")

    assert code_of(answer) == (503, "SERVICE_UNAVAILABLE")


def test_readiness_says_what_is_away(server: int) -> None:
    answer = ask(server, "GET", "/readyz")

    assert code_of(answer) == (503, "SERVICE_UNAVAILABLE")
    checks = json.loads(answer[2])["checks"]
    assert checks["database"] == "can't be reached"
    assert checks["valkey"] == "Valkey can't be reached"
    assert ask(server, "GET", "/healthz")[0] == 200


def test_a_header_with_a_line_break_makes_no_second_header(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=30) as wire:
        wire.sendall(
            b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"x-request-id: a\nx-evil: 1\r\n\r\n"
        )
        answer = wire.recv(65536)

    assert b"\nx-evil" not in answer.lower()
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
