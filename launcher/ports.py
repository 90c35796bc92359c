"""Free ports on loopback."""

from __future__ import annotations

import random
import socket
from typing import Final

HOST: Final = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections (32768 and above), so
# that no passing connection sits on a port that we have noted for the next start.
LOW: Final = 15_000
HIGH: Final = 30_000


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(*, last: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """Return the port of the last time if it is free, else another that is."""
    if last is not None and last not in taken and is_free(last):
        return last
    while True:
        port = random.randrange(LOW, HIGH)
        if port not in taken and is_free(port):
            return port
