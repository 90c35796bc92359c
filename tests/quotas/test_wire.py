"""Replies of Valkey's, whole and in pieces, and connections that ended meanwhile."""

from __future__ import annotations

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from quotas.valkey import client
from quotas.wire import call, packed, parsed

REPLIES = [
    (b":42\r\n", 42),
    (b"+OK\r\n", b"OK"),
    (b"$-1\r\n", None),
    (b"$4\r\na\r\nb\r\n", b"a\r\nb"),
    (b"*2\r\n:1\r\n$3\r\n200\r\n", [1, b"200"]),
    (b"*0\r\n", []),
]


@pytest.mark.parametrize(("data", "expected"), REPLIES)
def test_a_reply_is_read_once_it_is_whole(data: bytes, expected: object) -> None:
    assert [parsed(data[:length]) for length in range(len(data))] == [None] * len(data)
    assert parsed(data) == (expected, len(data))


def test_an_error_is_told_as_one() -> None:
    found = parsed(b"-NOSCRIPT No matching script\r\n")

    assert found is not None
    assert isinstance(found[0], redis.ResponseError)
    assert str(found[0]).startswith("NOSCRIPT")


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="no reply"):
        parsed(b"HTTP/1.1 400\r\n")


@given(st.lists(st.one_of(st.binary(max_size=20), st.integers()), min_size=1, max_size=5))
def test_a_command_is_the_list_that_valkey_reads(words: list[bytes | int]) -> None:
    found = parsed(packed(tuple(words)))

    assert found is not None
    assert found[0] == [word if isinstance(word, bytes) else str(word).encode() for word in words]


def test_a_refusal_leaves_the_connection_good() -> None:
    url = settings.BILLING["REDIS_URL"]

    with pytest.raises(redis.ResponseError, match="wrong number"):
        call(url, "GET")

    assert call(url, "PING") == b"PONG"


def test_connections_that_valkey_has_closed_are_not_used_again() -> None:
    url = settings.BILLING["REDIS_URL"]
    number = call(url, "CLIENT", "ID")
    assert isinstance(number, int)
    client().client_kill_filter(_id=str(number))

    again = call(url, "CLIENT", "ID")

    assert isinstance(again, int)
    assert again != number


def test_a_script_that_was_forgotten_is_learnt_again() -> None:
    from quotas.rates import Rate, spend
    from tests.quotas.scene import NOON, address

    rate = Rate(subject=address(), service_name="a", feature_key="b", window="day", limit=2)
    client().script_flush()

    outcome = spend(rate, 1, dry=False, is_frozen=False, now=NOON)

    assert (outcome.is_granted, outcome.used) == (True, 1)
