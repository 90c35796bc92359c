"""What goes wrong on demand, and what an idempotency key makes of it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stripe_sandbox.requests import Asked, Said
from tests.stripe_sandbox.server import Sandbox

KEY = "sk_test_" + "c" * 24


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(key=KEY) as one:
        yield one
        assert one.drifts == []


def post(
    sandbox: Sandbox, path: str, body: str = "", *, key: str = "", timeout: float = 5
) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if key else {})
    request = urllib.request.Request(sandbox.url + path, body.encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def order(sandbox: Sandbox, what: str, **given: Any) -> Any:
    return post(sandbox, f"/_sandbox/{what}", json.dumps(given))


def made(sandbox: Sandbox) -> int:
    return len(list(sandbox.world.all("customer")))


@pytest.mark.parametrize(
    ("kind", "done"),
    [("timeout_before", 0), ("timeout_after", 1), ("reset_before", 0), ("reset_after", 1)],
)
def test_an_answer_that_never_comes(sandbox: Sandbox, kind: str, done: int) -> None:
    order(sandbox, "faults", kind=kind, seconds=2)

    with pytest.raises(OSError):  # noqa: PT011 - a timeout or a reset, as the case may be
        post(sandbox, "/v1/customers", "name=A", key="k", timeout=0.3)

    assert made(sandbox) == done
    assert post(sandbox, "/v1/customers", "name=A", key="k")[0] == 200
    assert made(sandbox) == 1


@pytest.mark.parametrize(
    ("kind", "status", "done", "again"),
    [
        ("500_before", 500, 0, 200),
        ("500_after", 500, 1, 200),
        ("500_kept", 500, 0, 500),
        ("429", 429, 0, 200),
    ],
)
def test_an_answer_that_is_a_failure(
    sandbox: Sandbox, kind: str, status: int, done: int, again: int
) -> None:
    order(sandbox, "faults", kind=kind, path="/v1/customers$")

    first = post(sandbox, "/v1/customers", "name=A", key="k")

    assert (first[0], made(sandbox)) == (status, done)
    assert post(sandbox, "/v1/customers", "name=A", key="k")[0] == again


def test_a_key_in_progress_is_a_conflict(sandbox: Sandbox) -> None:
    order(sandbox, "faults", kind="slow", seconds=0)
    entered, leave = threading.Event(), threading.Event()
    perform = sandbox._perform

    def waits(asked: Asked) -> Said:
        entered.set()
        leave.wait(5)
        return perform(asked)

    sandbox._perform = waits  # type: ignore[method-assign]
    slow = threading.Thread(
        target=post, args=(sandbox, "/v1/customers", "name=A"), kwargs={"key": "k"}
    )
    slow.start()
    entered.wait(5)

    status, body = post(sandbox, "/v1/customers", "name=A", key="k")

    leave.set()
    slow.join()
    assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert made(sandbox) == 1


def test_a_key_does_not_keep_what_never_began(sandbox: Sandbox) -> None:
    wrong = post(sandbox, "/v1/customers", "nme=A", key="k")

    right = post(sandbox, "/v1/customers", "name=A", key="k")

    assert (wrong[0], right[0]) == (400, 200)


def test_a_key_keeps_a_decline(sandbox: Sandbox) -> None:
    form = "amount=500&currency=usd&payment_method=pm_card_chargeDeclined&confirm=true"

    first = post(sandbox, "/v1/payment_intents", form, key="k")
    again = post(sandbox, "/v1/payment_intents", form, key="k")

    assert first == again
    assert first[0] == 402
    assert len(sandbox.world.objects["payment_intent"]) == 1


def test_a_key_is_forgotten_after_a_day(sandbox: Sandbox) -> None:
    post(sandbox, "/v1/customers", "name=A", key="k")

    order(sandbox, "advance", seconds=86_401)

    assert post(sandbox, "/v1/customers", "name=B", key="k")[0] == 200
    assert made(sandbox) == 2


def test_what_was_asked_can_be_read(sandbox: Sandbox) -> None:
    post(sandbox, "/v1/customers", "name=A", key="k")

    with urllib.request.urlopen(f"{sandbox.url}/_sandbox/requests") as answer:
        asked = json.loads(answer.read())

    assert [(row["method"], row["path"], row["form"]) for row in asked] == [
        ("POST", "/v1/customers", "name=A")
    ]


def test_an_order_that_makes_no_sense_says_so(sandbox: Sandbox) -> None:
    assert order(sandbox, "faults", kind="earthquake")[0] == 400
    assert order(sandbox, "weather")[0] == 404
