"""The sandbox as a server on loopback: `with Sandbox(key=…) as stripe: stripe.url`."""

from __future__ import annotations

import json
import secrets
import threading
import traceback
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from tests.stripe_sandbox import answers, document, forms, keeping, resources
from tests.stripe_sandbox.calls import HANDLERS, Call
from tests.stripe_sandbox.errors import Refusal
from tests.stripe_sandbox.faults import Fault, Faults, Planned
from tests.stripe_sandbox.handler import Handler
from tests.stripe_sandbox.idempotency import Keys
from tests.stripe_sandbox.requests import Asked, Said
from tests.stripe_sandbox.webhooks import Deliveries
from tests.stripe_sandbox.world import World

TICK: Final = 0.25
LOOK_SECONDS: Final = 0.05
"""How often it looks whether it shall end: each test waits for that."""

REMEMBERED: Final = 20_000
FAILED: Final = Refusal(500, "An unknown error occurred.", type="api_error")
LIMITED: Final = Refusal(
    429, "Request rate limit exceeded.", code="rate_limit", type="invalid_request_error"
)
assert resources.__all__  # the handlers are there once they are imported


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True
    sandbox: Sandbox


class Sandbox:
    """A Stripe of one account. Everything that it was asked stands in `asked`."""

    def __init__(
        self,
        *,
        key: str = "",
        port: int = 0,
        webhook_url: str = "",
        webhook_secrets: tuple[str, ...] = (),
        state: Path | None = None,
    ) -> None:
        self.key = key or f"sk_test_{secrets.token_hex(24)}"
        self.webhook_secrets = list(webhook_secrets) or [f"whsec_{secrets.token_hex(24)}"]
        self.world = World()
        self.keys: Keys = Keys(self.world)
        self.faults: Faults = Faults()
        self.webhooks: Deliveries = Deliveries(self.world, webhook_url, self.webhook_secrets)
        self.world.listeners.append(self.webhooks.tell)
        self.asked: list[dict[str, Any]] = []
        self.drifts: list[str] = []
        self.port = port
        self.state = state
        self._saved = 0
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        """Return the environment variables that point a system to it."""
        return {
            "STRIPE_API_HOST": self.url,
            "STRIPE_SECRET_KEY": self.key,
            "STRIPE_WEBHOOK_SECRET": ",".join(self.webhook_secrets),
        }

    def __enter__(self) -> Self:
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.sandbox = self
        self.port = self.server.server_address[1]
        self.world.base_url = self.url
        keeping.load(self.state, self.world, self.keys)
        for target, given in ((self.server.serve_forever, (LOOK_SECONDS,)), (self._tick, ())):
            threading.Thread(target=target, args=given, daemon=True, name="stripe-sandbox").start()
        self.webhooks.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self.webhooks.end()
        self.server.shutdown()
        self.server.server_close()
        self.save()

    def _tick(self) -> None:
        while not self._stopped.wait(TICK):
            self.catch_up()
            self.save()

    def save(self) -> None:
        """Keep what there is, where a file is named and something has changed."""
        with self.world.lock:
            size = len(self.world.objects["event"]) + len(self.keys.kept) + len(self.asked)
            if self.state is not None and size != self._saved:
                keeping.save(self.state, self.world, self.keys)
                self._saved = size

    def catch_up(self) -> None:
        """Do what time brings: renewals, invoices to finalize, retries, expiries."""
        with self.world.lock:
            try:
                resources.clocks.run_due(self.world)
            except document.Drift as drift:
                self.drifts.append(str(drift))

    def answer(self, asked: Asked) -> Said:
        """Answer an API request, with what was planned to go wrong."""
        planned = self.faults.next(asked.method, asked.path)
        self.note(asked, planned)
        if planned is not None and planned.fault.is_before:
            return self._fail_before(asked, planned)
        if planned is not None and planned.fault is Fault.SLOW:
            self._stopped.wait(planned.seconds)
        said = self._answer(asked)
        if planned is not None and planned.fault is Fault.ERROR_AFTER:
            return Said.of(FAILED)
        if planned is not None and planned.fault is not Fault.SLOW:
            return Said.silent(planned)
        return said

    def note(self, asked: Asked, planned: Planned | None) -> None:
        self.asked.append(asked.noted() | {"fault": planned.fault.value if planned else None})
        del self.asked[:-REMEMBERED]

    def _fail_before(self, asked: Asked, planned: Planned) -> Said:
        if planned.fault is Fault.LIMITED:
            return Said.of(LIMITED)
        if planned.fault is Fault.ERROR_BEFORE:
            return Said.of(FAILED)
        if planned.fault is Fault.ERROR_KEPT:
            if asked.key and self.keys.begin(asked.key, asked.sameness(), asked.id) is None:
                self.keys.keep(asked.key, 500, json.dumps(FAILED.body))
            return Said.of(FAILED)
        return Said.silent(planned)

    def _answer(self, asked: Asked) -> Said:
        try:
            asked.authenticate(self.key)
            asked.check_version()
            if not asked.key or asked.method != "POST":
                return self._perform(asked)
            kept = self.keys.begin(asked.key, asked.sameness(), asked.id)
            if kept is not None:
                return Said(kept.status, kept.body, replays=kept.request_id)
        except Refusal as refusal:
            return Said.of(refusal)
        return self._perform_once(asked)

    def _perform_once(self, asked: Asked) -> Said:
        said = self._perform(asked)
        if said.began:
            self.keys.keep(asked.key, said.status, said.body)
        else:
            self.keys.drop(asked.key)
        return said

    def _perform(self, asked: Asked) -> Said:
        began = False
        try:
            operation, ids = asked.operation()
            given = document.read_form(operation, forms.nested(asked.form))
            call = Call(self.world, asked.path, given)
            began = True
            with self.world.lock:
                self.world.request = {"id": asked.id, "idempotency_key": asked.key or None}
                made = HANDLERS[operation](call, *ids)
                body = answers.shown(self.world, made, given.get("expand", ()))
                self.world.request = {"id": None, "idempotency_key": None}
            document.check_answer(operation, body)
            return Said(200, json.dumps(body, indent=2))
        except Refusal as refusal:
            said = Said.of(refusal)
            said.began = began
            return said
        except document.Drift as drift:
            self.drifts.append(str(drift))
            return Said.of(Refusal(500, f"The sandbox drifted: {drift}", type="api_error"))
        except Exception as bug:  # noqa: BLE001 - a bug of ours must not leave a key in progress
            self.drifts.append("".join(traceback.format_exception(bug)))
            return Said.of(Refusal(500, f"The sandbox has a bug: {bug!r}", type="api_error"))
