"""What a test may order, by HTTP as well: `/_sandbox/…`, JSON in and out.

POST /_sandbox/faults {"kind", "method"?, "path"?, "times"?, "seconds"?}   plan a fault
POST /_sandbox/faults/clear
POST /_sandbox/webhooks {"held"?, "copies"?, "url"?, "secrets"?}           how events are told
POST /_sandbox/webhooks/release {"order"?}   sent, reversed, shuffled or dropped
POST /_sandbox/webhooks/settle {"seconds"?}  wait until all are told
POST /_sandbox/webhooks/send {"id"}          tell one event again, now
POST /_sandbox/advance {"seconds"}           move the time of all that is on no test clock
POST /_sandbox/forget_keys                   as Stripe does with idempotency keys after a day
POST /_sandbox/settings {"search_lag"?, "after_failed_payments"?}
POST /_sandbox/disputes {"charge"} or {"dispute", "status"}    a customer disputes; a bank decides
GET  /_sandbox/requests                      what was asked, oldest first
GET  /_sandbox/drifts                        where the sandbox left Stripe's document: must be []
GET  /_sandbox/objects                       all that there is, by kind
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tests.stripe_sandbox.errors import Refusal
from tests.stripe_sandbox.resources import charges
from tests.stripe_sandbox.world import public

if TYPE_CHECKING:
    from tests.stripe_sandbox.server import Sandbox


def answer(sandbox: Sandbox, method: str, path: str, body: str) -> tuple[int, str, str]:
    """Return status, body and its kind."""
    order = ORDERS.get(f"{method} {path.removeprefix('/_sandbox/')}")
    if order is None:
        return 404, json.dumps({"error": (__doc__ or "").splitlines()}), "application/json"
    try:
        made = order(sandbox, json.loads(body) if body.startswith("{") else {})
    except (KeyError, TypeError, ValueError) as error:
        return 400, json.dumps({"error": f"{type(error).__name__}: {error}"}), "application/json"
    except Refusal as refusal:
        return refusal.status, json.dumps(refusal.body), "application/json"
    return 200, json.dumps(made), "application/json"


def release(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    sandbox.webhooks.release(given.get("order", "sent"))


def send(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    event = sandbox.world.get("event", given["id"])
    return {"status": sandbox.webhooks.send(public(event))}


def advance(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    with sandbox.world.lock:
        sandbox.world.ahead += int(given["seconds"])
        sandbox.catch_up()
        return {"now": sandbox.world.now()}


def settings(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    for name, value in given.items():
        if name not in {"search_lag", "after_failed_payments"}:
            raise KeyError(name)
        setattr(sandbox.world, name, value)


def dispute(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    with sandbox.world.lock:
        if "dispute" in given:
            return public(charges.decide(sandbox.world, given["dispute"], given["status"]))
        return public(charges.open_dispute(sandbox.world, given["charge"]))


def objects(sandbox: Sandbox, given: dict[str, Any]) -> Any:
    with sandbox.world.lock:
        return {kind: public(list(rows.values())) for kind, rows in sandbox.world.objects.items()}


ORDERS: Final[dict[str, Callable[[Sandbox, dict[str, Any]], Any]]] = {
    "POST faults": lambda sandbox, given: sandbox.faults.plan(given),
    "POST faults/clear": lambda sandbox, given: sandbox.faults.clear(),
    "POST webhooks": lambda sandbox, given: sandbox.webhooks.set(**given),
    "POST webhooks/release": release,
    "POST webhooks/settle": lambda sandbox, given: {
        "settled": sandbox.webhooks.settle(float(given.get("seconds", 10)))
    },
    "POST webhooks/send": send,
    "POST advance": advance,
    "POST forget_keys": lambda sandbox, given: sandbox.keys.forget(),
    "POST settings": settings,
    "POST disputes": dispute,
    "GET requests": lambda sandbox, given: sandbox.asked,
    "GET drifts": lambda sandbox, given: sandbox.drifts,
    "GET objects": objects,
}
