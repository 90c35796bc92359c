"""The HTTP of it: reads a request, writes an answer, hangs or resets where that was planned."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.stripe_sandbox import control, document, pages
from tests.stripe_sandbox.faults import Fault, Planned
from tests.stripe_sandbox.requests import Asked

if TYPE_CHECKING:
    from tests.stripe_sandbox.server import Sandbox

MOST_BYTES = 10_000_000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart: the body would wait 40 ms
    server_version = "stripe-sandbox"

    @property
    def sandbox(self) -> Sandbox:
        found: Sandbox = self.server.sandbox  # type: ignore[attr-defined]
        return found

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing: `/_sandbox/requests` has them."""

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def do_DELETE(self) -> None:
        self.serve()

    def serve(self) -> None:
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        body = self.rfile.read(length).decode("utf-8", errors="replace")
        if parts.path.startswith("/_sandbox/"):
            self.write(*control.answer(self.sandbox, self.command, parts.path, body or parts.query))
        elif parts.path.startswith("/v1/"):
            form = "&".join(part for part in (parts.query, body) if part)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.say(Asked(self.command, parts.path, form, headers))
        else:
            status, text, where = pages.answer(self.sandbox, self.command, parts.path, body)
            more = {"Location": where} if where else {}
            self.write(status, text, "text/html; charset=utf-8", more)

    def say(self, asked: Asked) -> None:
        said = self.sandbox.answer(asked)
        if said.silence is not None:
            self.keep_silent(said.silence)
            return
        headers = {"Request-Id": asked.id, "Stripe-Version": document.VERSION}
        if asked.key and asked.method == "POST":
            headers["Idempotency-Key"] = asked.key
            headers["Original-Request"] = said.replays or asked.id
        if said.replays:
            headers["Idempotent-Replayed"] = "true"
        if said.status == 429:
            headers["Stripe-Should-Retry"] = "true"
        self.write(said.status, said.body, "application/json", headers)

    def keep_silent(self, planned: Planned) -> None:
        """Hang until the caller leaves or the time is over, or reset the connection at once."""
        if planned.fault in {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER}:
            select.select([self.connection], [], [], planned.seconds)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def write(self, status: int, text: str, kind: str, more: dict[str, str] | None = None) -> None:
        body = text.encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
