"""Somebody else's server on loopback: it keeps what came, and answers as it is told."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature as a receiver does: by the convention's words, not by our code."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = (
            self.headers["webhook-id"].encode()
            + b"."
            + self.headers["webhook-timestamp"].encode()
            + b"."
            + self.body
        )
        expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        given = [part.split(",", 1) for part in self.headers["webhook-signature"].split(" ")]
        return any(
            version == "v1" and hmac.compare_digest(value, expected) for version, value in given
        )


@dataclass
class Receiver:
    """`status` is what it answers; `seconds` how long it thinks before; `text` the body."""

    url: str = ""
    status: int = 200
    seconds: float = 0.0
    text: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    @property
    def kinds(self) -> list[str]:
        return [one.json["type"] for one in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(headers, body))
            receiver.ended.wait(receiver.seconds)
            try:
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.text)
            except OSError:
                pass

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()


@contextmanager
def never_reading() -> Iterator[str]:
    """A server that takes connections, and never reads nor answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@contextmanager
def dripping(piece: bytes, *, every: float) -> Iterator[str]:
    """A server that answers a byte at a time, so that no single read ever times out."""
    done = Event()

    def serve(server: socket.socket) -> None:
        try:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                while not done.is_set():
                    connection.sendall(piece)
                    time.sleep(every)
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            done.set()
