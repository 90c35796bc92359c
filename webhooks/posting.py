"""One POST to somebody else's server: to a checked address, once, bounded in time and size."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Timer
from typing import Final

from webhooks.targets import Target, is_allowed, parse_target

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
SNIPPET_BYTES: Final = 1000
AGENT: Final = "billing-webhooks/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `status` None: nothing that is HTTP, and `failure` says why."""

    status: int | None = None
    snippet: str = ""
    failure: str = ""
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Refused(Exception):
    """Nothing was sent: the URL, or what its name leads to now, is not allowed."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, networks: Sequence[str] = ()
) -> Answer:
    """Send it and return what came back; whatever goes wrong is an answer too.

    The name is looked up once, and the connection goes to the address that was checked, so that a
    second answer of the name server changes nothing. A redirect is not followed: it is a failure.
    """
    started = time.monotonic()
    try:
        target = parse_target(url, networks)
        status, snippet = _exchange(target, body, headers, networks)
        failure = "" if 200 <= status < 300 else _why_not(status)
    except (Refused, ValueError) as error:
        status, snippet, failure = None, "", str(error)
    except (OSError, http.client.HTTPException) as error:
        status, snippet, failure = None, "", _reason(error, time.monotonic() - started)
    spent = int((time.monotonic() - started) * 1000)
    return Answer(status=status, snippet=snippet, failure=failure[:500], milliseconds=spent)


def _why_not(status: int) -> str:
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed, give the final URL"
    return f"answered {status}"


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError) or seconds >= TOTAL_SECONDS:
        return f"no answer within {seconds:.0f} seconds"
    if isinstance(error, socket.gaierror):
        return "the host's name is not known"
    return f"{type(error).__name__}: {error}".replace("\x00", "")


def checked_address(target: Target, networks: Sequence[str]) -> str:
    """Look the host up once. Raises Refused where any of its addresses may not be sent to."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not is_allowed(ip_address(address), networks):
            raise Refused(f"{target.host} leads to {address}, which is not public")
    return addresses[0]


def _exchange(
    target: Target, body: bytes, headers: Mapping[str, str], networks: Sequence[str]
) -> tuple[int, str]:
    address = checked_address(target, networks)
    sock = _connected(address, target)
    # A timeout of the socket is for each piece; this one is for all of it.
    watchdog = Timer(TOTAL_SECONDS, _cut, [sock])
    watchdog.daemon = True
    watchdog.start()
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = sock
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={
                "Host": target.authority,
                "Content-Type": "application/json",
                "User-Agent": AGENT,
                "Connection": "close",
                **headers,
            },
        )
        response = connection.getresponse()
        return response.status, _beginning(response)
    finally:
        watchdog.cancel()
        sock.close()


def _connected(address: str, target: Target) -> socket.socket:
    """Connect to the checked address; over TLS the certificate is still the name's."""
    sock = socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
    sock.settimeout(TOTAL_SECONDS)
    if target.scheme == "http":
        return sock
    context = ssl.create_default_context()
    return context.wrap_socket(sock, server_hostname=target.host, do_handshake_on_connect=False)


def _beginning(response: http.client.HTTPResponse) -> str:
    """Read the body's first bytes. The status has decided: a body that breaks off is no failure."""
    try:
        raw = response.read(SNIPPET_BYTES)
    except (OSError, http.client.HTTPException):
        return ""
    return raw.decode("utf-8", "replace").replace("\x00", "")


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
