"""Where we may send to: rules for URLs as they are written, and for the addresses behind them."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

MOST_CHARACTERS: Final = 2000
PRINTABLE: Final = re.compile(r"[!-~]+")
HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?",
    re.IGNORECASE,
)
PORTS: Final = {"http": 80, "https": 443}
NAT64: Final = IPv6Network("64:ff9b::/96")
COMPATIBLE: Final = IPv6Network("::/96")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `path` has the query too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, networks: Sequence[str] = ()) -> Target:
    """Take a URL apart. Raises ValueError with the rule that it breaks, and the way out.

    `networks` are those that may be sent to beside the public ones. A name is not looked up here:
    what it leads to is judged whenever something is sent.
    """
    if len(url) > MOST_CHARACTERS:
        raise ValueError(f"must have at most {MOST_CHARACTERS} characters")
    if not PRINTABLE.fullmatch(url) or any(c in url for c in '\\"<>^`{|}'):
        raise ValueError("must be a URL as it is sent: percent-encode what is not ASCII, no spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL with a host, and a port from 1 to 65535 if any") from None
    if parts.scheme not in PORTS:
        raise ValueError("must begin with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password: check the signature instead")
    if "#" in url:
        raise ValueError("must have no fragment: what follows # is never sent")
    if not parts.hostname or port == 0:
        raise ValueError("must be a URL with a host, and a port from 1 to 65535 if any")
    check_host(parts.hostname, networks)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path)


def check_host(host: str, networks: Sequence[str]) -> None:
    """Refuse an address that may not be sent to, or one in disguise. Raises ValueError."""
    literal = _literal(host)
    if literal is not None:
        if not is_allowed(literal, networks):
            raise ValueError("must be a public address, or in a network that the operator allows")
        return
    if not HOST_NAME.fullmatch(host):
        raise ValueError("must name a host, or an address in its usual form such as 203.0.113.7")
    is_local = host.rstrip(".").lower().rpartition(".")[2] == "localhost"
    if is_local and not is_allowed(ip_address("127.0.0.1"), networks):
        raise ValueError("must be a public address, or in a network that the operator allows")


def _literal(host: str) -> Address | None:
    """Read an address. Raises ValueError for one written as 2130706433, 0177.0.0.1 or 0x7f.1."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeError):
        return None
    raise ValueError("must name a host, or an address in its usual form such as 203.0.113.7")


def is_allowed(address: Address, networks: Sequence[str]) -> bool:
    """Say whether it may be sent to: public, and so what is wrapped in it, or in a network."""
    inner = _wrapped(address)
    if inner is not None:
        return is_allowed(inner, networks)
    if any(address in ip_network(network) for network in networks):
        return True
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _wrapped(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    is_compatible = address in COMPATIBLE and int(address) > 1
    if address in NAT64 or is_compatible:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
