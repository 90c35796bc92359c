"""Our own Valkey: the queue survives a crash, and refuses to grow rather than forget."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from launcher import binaries
from launcher.ports import HOST
from launcher.postgres import plain_environment
from launcher.processes import Program


def render_config(*, port: int, password: str, folder: Path) -> str:
    """Return the whole configuration of the server."""
    return f"""bind {HOST}
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
daemonize no
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
maxmemory 512mb
maxmemory-policy noeviction
databases 16
"""


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server in one folder, on one port of loopback."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        config.chmod(0o600)
        config.write_text(render_config(port=self.port, password=self.password, folder=self.folder))

    def program(self, log: Path) -> Program:
        return Program(
            name="valkey",
            command=[str(binaries.valkey_server()), str(self.folder / "valkey.conf")],
            environment=plain_environment(),
            log=log,
            stop_seconds=15.0,
        )

    def answers(self) -> bool:
        return ping(HOST, self.port, self.password)


def ping(host: str, port: int, password: str, *, username: str = "", timeout: float = 2.0) -> bool:
    """Return whether a server takes the password and answers PING (it does not while it loads)."""
    words = [word for word in (username, password) if word]
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            if words:
                connection.sendall(_command("AUTH", *words))
                if not connection.recv(512).startswith(b"+OK"):
                    return False
            connection.sendall(_command("PING"))
            return connection.recv(512).startswith(b"+PONG")
    except OSError:
        return False


def _command(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        encoded = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(encoded), encoded))
    return b"".join(parts)
