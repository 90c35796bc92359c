"""A tenant on a test clock that pays 0.01 for each call, and what its alerts do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.looking import Sweeper
from alerts.models import Alert, AlertFiring
from billing.kernel import clock
from tests.scenarios.world import World
from webhooks import handing_on, sending

CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.01"}


class Scene(World):
    """A world with alerts."""

    @classmethod
    def at(cls, moment: str, **tenant: Any) -> Scene:
        scene = cls()
        scene.begin(moment, **tenant)
        scene.subscribe(scene.plan(price="0.00", charges=[CALLS]))
        return scene

    @property
    def path(self) -> str:
        return f"/realtime-cost/tenants/{self.tenant}/alerts"

    def alert(self, kind: str, amount: str, **fields: Any) -> Any:
        body = {"thresholdType": kind, "thresholdAmount": amount, **fields}
        return self.post(self.path, body, status=201)

    def spend(self, amount: int, **fields: Any) -> None:
        """Use calls for so many whole units of money."""
        self.use("API_CALLS", str(amount * 100), **fields)

    def alerts(self, query: str = "") -> list[Any]:
        rows: list[Any] = self.get(f"{self.path}?direction=asc{query}")["data"]
        return rows

    def statuses(self) -> list[str]:
        return [row["status"] for row in self.alerts()]


def sweep() -> int:
    return Sweeper().sweep(read_clock=clock.now)


def fired() -> list[tuple[str, str]]:
    rows = AlertFiring.objects.select_related("alert").order_by("id")
    return [(row.alert.threshold_type, f"{row.measured.normalize():f}") for row in rows]


def deliver() -> None:
    """Hand events on and send them, by the real clock."""
    while handing_on.hand_on(now=clock.now()):
        pass
    sending.send_due(read_clock=clock.now, budget=5)


def account_of(alert: Any) -> UUID:
    return Alert.objects.get(pk=alert["id"]).account_id


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
