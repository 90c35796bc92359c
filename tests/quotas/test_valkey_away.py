"""Without Valkey: rates answer 503, or pass where the operator says so; quotas go on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings

from quotas import rates
from quotas.rates import Rate
from quotas.services import forget_account
from quotas.valkey import Unavailable
from tests.client import Api, error_of, json_of
from tests.quotas.scene import NOON, Team, consume

RATE = {"serviceName": "search-api", "featureKey": "lookups"}
QUOTA = {"serviceName": "storage", "featureKey": "projects"}


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the address be one where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setitem(settings.BILLING, "REDIS_URL", f"redis://127.0.0.1:{port}/0")


@pytest.fixture
def fail_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.BILLING, "BILLING_RATE_LIMITS_FAIL_OPEN", True)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let somebody listen who never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        accept = threading.Thread(target=lambda: held.extend(_accepted(server)), daemon=True)
        accept.start()
        port = server.getsockname()[1]
        monkeypatch.setitem(settings.BILLING, "REDIS_URL", f"redis://127.0.0.1:{port}/0")
        yield
        server.shutdown(socket.SHUT_RDWR)
        accept.join(5)
        for one in held:
            one.close()


def _accepted(server: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            yield server.accept()[0]
        except OSError:
            return


def test_a_rate_cannot_be_counted(acme: Team, service: Api, away: None) -> None:
    refused = consume(service, {"customerId": acme.id, **RATE})

    assert error_of(refused) == (503, "SERVICE_UNAVAILABLE")
    assert refused["Retry-After"] == "2"
    assert error_of(acme.get("/limits/usage")) == (503, "SERVICE_UNAVAILABLE")


def test_one_that_never_answers_is_not_waited_for(silent: None) -> None:
    rate = Rate(subject="x", service_name="a", feature_key="b", window="minute", limit=1)
    began = time.monotonic()

    with pytest.raises(Unavailable):
        rates.spend(rate, 1, dry=False, is_frozen=False, now=NOON)

    assert time.monotonic() - began < 5


def test_quotas_and_limits_need_no_valkey(acme: Team, service: Api, away: None) -> None:
    taken = json_of(consume(service, {"customerId": acme.id, **QUOTA, "userId": str(uuid4())}))
    acme.plan.limits.filter(feature_key="lookups").update(value=7)

    assert taken["remaining"] == 2
    assert json_of(acme.get("/quotas/usage"))["totalFeatures"] == 4
    assert json_of(acme.get("/limits"))["limits"]["search-api"]["lookups"]["value"] == 7


def test_open_lets_pass_what_the_tier_has_at_all(
    acme: Team, service: Api, away: None, fail_open: None
) -> None:
    body = {"customerId": acme.id, **RATE}
    off = {"customerId": acme.id, "serviceName": "search-api", "featureKey": "exports"}

    assert json_of(consume(service, {**body, "amount": 200}))["remaining"] == 0
    assert json_of(consume(service, body))["remaining"] == 199
    assert error_of(consume(service, {**body, "amount": 201})) == (429, "RATE_LIMIT_EXCEEDED")
    assert error_of(consume(service, off)) == (403, "FEATURE_DISABLED")
    assert error_of(acme.get("/limits/usage")) == (503, "SERVICE_UNAVAILABLE")


def test_with_a_key_a_refusal_is_not_kept(
    acme: Team, service: Api, away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, body = str(uuid4()), {"customerId": acme.id, **RATE}
    assert consume(service, body, idempotency_key=key).status_code == 503
    monkeypatch.undo()

    assert json_of(consume(service, body, idempotency_key=key))["remaining"] == 199


@pytest.mark.django_db(transaction=True)
def test_an_account_is_forgotten_all_the_same(acme: Team, away: None) -> None:
    forget_account(acme.account.pk)
