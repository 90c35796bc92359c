"""One POST: to the address that was checked, bounded in time and size, never redirected."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver, dripping, never_reading
from webhooks import posting
from webhooks.posting import post

LOOPBACK = ("127.0.0.0/8",)


def send(url: str, body: bytes = b"{}") -> posting.Answer:
    return post(url, body, {"webhook-id": "1"}, networks=LOOPBACK)


def test_what_was_sent_comes_in_and_the_answers_beginning_comes_back(receiver: Receiver) -> None:
    receiver.text = b"x" * 100_000

    answer = send(receiver.url, b'{"a":1}')

    assert (answer.status, answer.failure, answer.snippet) == (200, "", "x" * 1000)
    assert answer.is_success
    (came,) = receiver.received
    assert came.json == {"a": 1}
    assert came.headers["host"] == receiver.url.split("/")[2]
    assert came.headers["content-type"] == "application/json"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    receiver.headers = {"Location": receiver.url + "/secret"}

    answer = send(receiver.url)

    assert answer.status == 302
    assert answer.failure == "answered 302: redirects are not followed, give the final URL"
    assert len(receiver.received) == 1


def test_a_failure_keeps_what_was_said(receiver: Receiver) -> None:
    receiver.status, receiver.text = 500, b"no \x00 luck \xff"

    answer = send(receiver.url)

    assert (answer.status, answer.failure, answer.snippet) == (
        500,
        "answered 500",
        "no  luck \ufffd",
    )
    assert not answer.is_success


def test_an_address_that_is_not_public_is_never_connected_to(receiver: Receiver) -> None:
    answer = post(receiver.url, b"{}", {})

    assert answer.status is None
    assert "public" in answer.failure
    assert receiver.received == []


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Have the name server answer with these addresses, each look-up with the next."""
    asked: list[str] = []
    left = list(answers)

    def look_up(host: str, port: int, **_options: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_that_leads_to_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "169.254.169.254")

    answer = post("http://hooks.example/", b"{}", {})

    assert answer.failure == "hooks.example leads to 169.254.169.254, which is not public"


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rebinding attack: public when it is checked, private when it is connected to."""
    asked = resolving(monkeypatch, "203.0.113.7", "127.0.0.1")
    connected: list[Any] = []

    def connect(address: Any, timeout: float) -> Any:
        connected.append(address)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(posting, "is_allowed", lambda address, _n: str(address) != "127.0.0.1")

    answer = post("http://hooks.example:8080/", b"{}", {})

    assert (asked, connected) == (["hooks.example"], [("203.0.113.7", 8080)])
    assert answer.failure == "ConnectionRefusedError: nobody there"


def test_a_name_that_nobody_knows_is_a_failure() -> None:
    answer = post("http://nowhere.invalid/", b"{}", {})

    assert answer.failure == "the host's name is not known"


class TestTime:
    @pytest.fixture(autouse=True)
    def short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(posting, "TOTAL_SECONDS", 1.0)

    def timed(self, url: str, body: bytes = b"{}") -> posting.Answer:
        began = time.monotonic()
        answer = send(url, body)
        assert time.monotonic() - began < 5
        return answer

    def test_a_receiver_that_hangs_is_left(self, receiver: Receiver) -> None:
        receiver.seconds = 30

        assert self.timed(receiver.url).failure == "no answer within 1 seconds"

    def test_a_receiver_that_never_reads_is_left(self) -> None:
        with never_reading() as url:
            answer = self.timed(url, b"x" * 20_000_000)

        assert "seconds" in answer.failure or "Pipe" in answer.failure

    def test_a_receiver_that_drips_its_head_is_left(self) -> None:
        with dripping(b"H", every=0.05) as url:
            answer = self.timed(url)

        assert answer.status is None
        assert answer.failure == "no answer within 1 seconds"

    def test_a_receiver_that_drips_its_body_has_answered(self) -> None:
        with dripping(b"HTTP/1.1 200 OK\r\n\r\nx", every=0.3) as url:
            answer = self.timed(url)

        assert answer.status == 200


def test_what_is_not_http_is_a_failure() -> None:
    with dripping(b"SSH-2.0-x\r\n", every=0.05) as url:
        answer = send(url)

    assert answer.status is None
    assert answer.failure.startswith("BadStatusLine")
