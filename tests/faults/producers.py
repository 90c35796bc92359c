"""Producers of usage that note what was acknowledged, and send again what was not."""

from __future__ import annotations

import http.client
import json
import threading
import time
from datetime import UTC, timedelta
from typing import Any, Final
from uuid import uuid4

from billing.kernel import clock

BASE: Final = "/api/v1/billing"
BATCH: Final = 150
ANSWER_SECONDS: Final = 20
METER: Final = "API_CALLS"


class Producers:
    """Threads that send until they are told to stop. An event's quantity follows from its id."""

    def __init__(self, port: int, token: str, tenant: str, sizes: tuple[int, ...]) -> None:
        self.port, self.tenant = port, tenant
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.repeated = 0
        self.unexpected: list[str] = []
        self._mutex = threading.Lock()
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=self._produce, args=(number, size), daemon=True)
            for number, size in enumerate(sizes)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each have its last request acknowledged; then nothing is on its way any more."""
        self._ends.set()
        for thread in self._threads:
            thread.join(90)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_for(self, more: int, seconds: float = 60) -> None:
        """Return once so many more events are acknowledged than now."""
        aim, deadline = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < aim:
            assert time.monotonic() < deadline, "nothing is acknowledged any more"
            time.sleep(0.02)

    def _produce(self, producer: int, size: int) -> None:
        number = 0
        while not self._ends.is_set():
            ids = [f"{producer}-{at}" for at in range(number, number + size)]
            number += size
            with self._mutex:
                self.sent.update(ids)
            while not self._is_acknowledged(ids):
                self.repeated += 1
                time.sleep(0.1)
            with self._mutex:
                self.acknowledged.update(ids)

    def _is_acknowledged(self, ids: list[str]) -> bool:
        events = [event_of(one) for one in ids]
        single = len(ids) == 1
        path = f"{BASE}/tenants/{self.tenant}/usage" + ("" if single else "/batch")
        try:
            status, content = self._post(path, events[0] if single else events)
        except (OSError, http.client.HTTPException):
            return False
        if status == 503:
            return False
        said = json.loads(content)
        good = {200: 1, 201: 1} if single else {201: len(ids)}
        told = 1 if single else said.get("accepted", 0) + said.get("duplicates", 0)
        if good.get(status) != told:
            self.unexpected.append(f"{status} {content[:300]!r}")
        return True

    def _post(self, path: str, body: Any) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", path, json.dumps(body), self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


NOW: Final = clock.now()


def event_of(event_id: str) -> dict[str, Any]:
    """Return the event of an id: the same each time that it is sent."""
    producer, _, number = event_id.partition("-")
    moment = NOW - timedelta(minutes=int(number) % 600)
    return {
        "metricType": METER,
        "eventId": event_id,
        "quantity": quantity_of(event_id),
        "timestamp": moment.astimezone(UTC).isoformat(),
        "resourceId": f"node-{producer}",
    }


def quantity_of(event_id: str) -> int:
    producer, _, number = event_id.partition("-")
    return int(number) % 97 + int(producer) + 1


def new_plan() -> dict[str, Any]:
    """Return the body of a plan whose bill is the sum of the quantities in dollars."""
    return {
        "code": f"no-loss-{uuid4().hex[:8]}",
        "name": "No loss",
        "currency": "USD",
        "interval": "MONTH",
        "price": "0",
        "charges": [{"metricType": METER, "model": "PER_UNIT", "unitPrice": "1"}],
    }


def started() -> str:
    """Return when the subscription began: before the oldest event."""
    return (NOW - timedelta(days=2)).astimezone(UTC).isoformat()
