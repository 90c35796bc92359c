"""Whose address is counted: never one that the caller could choose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.addresses import client_of, counted

PEER = "198.51.100.7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:0201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_counts_as_its_host_or_household(text: str, expected: str) -> None:
    assert counted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fe80::1%eth0",
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4/32",
        "localhost",
        "１.2.3.4",
        "1.2.3.4 ",
        "x" * 999,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an IPv4 or IPv6 address without a zone"):
        counted(text)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_all_of_a_household_count_as_one(address: object, host: int) -> None:
    base = int(address) >> 64 << 64  # type: ignore[call-overload]
    neighbour = type(address)(base + host)  # type: ignore[call-arg]

    if base:
        assert counted(str(neighbour)) == counted(str(address))


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ("", 0, PEER),
        ("203.0.113.9", 0, PEER),
        ("203.0.113.9", 1, "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("1.1.1.1,203.0.113.9,10.0.0.1", 3, "1.1.1.1"),
        ("203.0.113.9", 2, PEER),
        ("", 1, PEER),
        ("unknown", 1, PEER),
        ("203.0.113.9, nonsense", 1, PEER),
        ("203.0.113.9,", 1, PEER),
        ("203.0.113.9:4711", 1, "203.0.113.9"),
        ("[2001:db8::1]:4711", 1, "2001:db8::/64"),
        ("2001:db8::1", 1, "2001:db8::/64"),
        ("fe80::1%eth0", 1, PEER),
        ("::ffff:203.0.113.9", 1, "203.0.113.9"),
        (", ".join(["1.1.1.1"] * 5000), 1, "1.1.1.1"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(
    forwarded: str, proxies: int, expected: str
) -> None:
    assert client_of(PEER, forwarded, proxies=proxies) == expected


@given(st.text(max_size=60), st.integers(0, 3))
def test_what_a_caller_puts_in_front_changes_nothing(spoofed: str, proxies: int) -> None:
    honest = "203.0.113.9, 10.0.0.1, 10.0.0.2"

    assert client_of(PEER, f"{spoofed}, {honest}", proxies=proxies) == client_of(
        PEER, honest, proxies=proxies
    )


def test_without_a_peer_all_are_one_unknown() -> None:
    assert client_of("", "", proxies=0) == "0.0.0.0"
