"""Internet addresses as they are counted: by whom a request was sent, as far as we can know."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

UNKNOWN: Final = "0.0.0.0"  # noqa: S104 — a name for who has no address, bound by nobody
WITH_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?", re.ASCII)


def counted(text: str) -> str:
    """Return what an address counts as: itself, or the /64 that holds an IPv6 address.

    A household or a host has a /64 to itself, and takes any address of it. An IPv4 address that
    is mapped into IPv6 is that IPv4 address. Raises ValueError for what is no address, or has a
    zone: that means something on its own host only.
    """
    if not text.isascii() or "%" in text:
        raise ValueError("must be an IPv4 or IPv6 address without a zone")
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address without a zone") from None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((int(found) >> 64 << 64, 64)))
        found = found.ipv4_mapped
    return str(found)


def client_of(peer: str, forwarded: str, *, proxies: int) -> str:
    """Return what the client counts as, behind so many proxies that we trust.

    `forwarded` is X-Forwarded-For: each proxy adds at its right whom it was called by, so the
    entry of the outermost one that we trust is as many from the right as there are. What stands
    further left is the caller's own word. Fewer entries, or one that is no address: then it is
    whom we see ourselves, `peer`, which nobody can choose.
    """
    entries = forwarded.split(",")
    if 0 < proxies <= len(entries):
        try:
            return counted(_bare(entries[-proxies].strip()))
        except ValueError:
            pass
    try:
        return counted(_bare(peer))
    except ValueError:
        return UNKNOWN


def _bare(entry: str) -> str:
    """Drop a port, as some proxies add it: 192.0.2.1:4711, [2001:db8::1]:4711."""
    found = WITH_PORT.fullmatch(entry)
    return entry if found is None else found[1] or found[2]
