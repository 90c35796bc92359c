"""Which URLs are taken, and which addresses are sent to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from webhooks.targets import is_allowed, parse_target

PUBLIC = "must be a public address, or in a network that the operator allows"
USUAL = "must name a host, or an address in its usual form such as 203.0.113.7"
HOST = "must be a URL with a host, and a port from 1 to 65535 if any"
SENT = "must be a URL as it is sent: percent-encode what is not ASCII, no spaces"
SCHEME = "must begin with https:// or http://"

BAD = [
    ("http://127.0.0.1/", PUBLIC),
    ("http://127.1.2.3:8080/x", PUBLIC),
    ("http://169.254.169.254/latest/meta-data", PUBLIC),
    ("http://10.0.0.1/", PUBLIC),
    ("http://172.16.0.1/", PUBLIC),
    ("http://192.168.1.1/", PUBLIC),
    ("http://100.64.0.1/", PUBLIC),
    ("http://0.0.0.0/", PUBLIC),
    ("http://224.0.0.1/", PUBLIC),
    ("http://255.255.255.255/", PUBLIC),
    ("http://[::1]/", PUBLIC),
    ("http://[::]/", PUBLIC),
    ("http://[fe80::1]/", PUBLIC),
    ("http://[fd00:ec2::254]/", PUBLIC),
    ("http://[::ffff:127.0.0.1]/", PUBLIC),
    ("http://[::ffff:a9fe:a9fe]/", PUBLIC),
    ("http://[::127.0.0.1]/", PUBLIC),
    ("http://[64:ff9b::7f00:1]/", PUBLIC),
    ("http://[2002:7f00:1::]/", PUBLIC),
    ("http://localhost/", PUBLIC),
    ("http://LOCALHOST./", PUBLIC),
    ("http://a.localhost/", PUBLIC),
    ("http://2130706433/", USUAL),
    ("http://0x7f000001/", USUAL),
    ("http://0177.0.0.1/", USUAL),
    ("http://127.1/", USUAL),
    ("http://0x7f.1/", USUAL),
    ("http://a..example/", USUAL),
    ("http://-a.example/", USUAL),
    ("http://a.example.123/", USUAL),
    ("http://%31%32%37.0.0.1/", USUAL),
    ("file:///etc/passwd", SCHEME),
    ("gopher://a.example/", SCHEME),
    ("javascript:alert(1)", SCHEME),
    ("//a.example/", SCHEME),
    ("a.example", SCHEME),
    ("https://", HOST),
    ("https:///x", HOST),
    ("https://a.example:0/", HOST),
    ("https://a.example:65536/", HOST),
    ("https://a.example:x/", HOST),
    ("https://[::1/", HOST),
    ("https://u:p@a.example/", "must not hold a user or password: check the signature instead"),
    ("https://u@a.example/", "must not hold a user or password: check the signature instead"),
    ("https://a.example/#x", "must have no fragment: what follows # is never sent"),
    ("https://a.example/ x", SENT),
    ("https://a.example/\r\nHost: b", SENT),
    ("https://a.example\\@b.example/", SENT),
    ("https://bücher.example/", SENT),
    ("", SENT),
    ("https://a.example/" + "x" * 3000, "must have at most 2000 characters"),
]


@pytest.mark.parametrize(("url", "rule"), BAD, ids=[url[:40] for url, _ in BAD])
def test_a_bad_url_is_refused_with_its_rule(url: str, rule: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  the text is compared below
        parse_target(url)

    assert str(refused.value) == rule


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://hooks.example/a?b=c", ("https", "hooks.example", 443, "/a?b=c", "hooks.example")),
        ("http://hooks.example", ("http", "hooks.example", 80, "/", "hooks.example")),
        (
            "https://hooks.example:8443/",
            ("https", "hooks.example", 8443, "/", "hooks.example:8443"),
        ),
        ("https://1.1.1.1/", ("https", "1.1.1.1", 443, "/", "1.1.1.1")),
        (
            "http://[2606:4700::1111]:81/",
            ("http", "2606:4700::1111", 81, "/", "[2606:4700::1111]:81"),
        ),
        ("HTTPS://Hooks.Example/", ("https", "hooks.example", 443, "/", "hooks.example")),
        ("https://xn--bcher-kva.example/", None),
    ],
)
def test_a_good_url_is_taken_apart(url: str, parts: tuple[object, ...] | None) -> None:
    target = parse_target(url)

    seen = (target.scheme, target.host, target.port, target.path, target.authority)
    assert parts is None or seen == parts


def test_a_network_that_is_allowed_is_sent_to_and_no_other() -> None:
    networks = ("10.1.0.0/16", "fd00::/8")

    assert is_allowed(ip_address("10.1.2.3"), networks)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), networks)
    assert is_allowed(ip_address("fd00::1"), networks)
    assert not is_allowed(ip_address("10.2.0.1"), networks)
    assert not is_allowed(ip_address("127.0.0.1"), networks)
