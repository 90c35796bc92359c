"""The way past Django's handler says what Django's own way says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from billing.http.hot_path import HotPathApplication
from billing.http.straight import LIMIT_BYTES
from billing.kernel import context
from billing.metering.models import UsageEvent
from tests.api.door import ask
from tests.client import BASE, token
from tests.quotas.scene import BASE as PORTAL
from tests.quotas.scene import NOON, team

EVENT = json.dumps({"metricType": "API_CALLS", "eventId": "same"}).encode()


class BrokenBody(BytesIO):
    """A connection that ends in the middle of a body."""

    def read(self, *_: Any) -> bytes:
        raise OSError("the peer went away")


def elsewhere(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("418 Elsewhere", [])
    return [b""]


def call(path: str, body: bytes, **environ: Any) -> tuple[int, dict[str, str], bytes]:
    return ask(HotPathApplication(elsewhere), path, body, **environ)


@pytest.mark.parametrize(
    ("body", "rest", "expected"),
    [
        (EVENT, "", 200),
        (b"[" + EVENT + b"]", "/batch", 201),
        (b"{", "", 400),
        (b"[]", "/batch", 400),
    ],
    ids=["single", "batch", "malformed", "empty batch"],
)
def test_both_ways_answer_alike(
    tenant: dict[str, Any], body: bytes, rest: str, expected: int
) -> None:
    path = f"{BASE}/tenants/{tenant['id']}/usage{rest}"
    call(path, body)  # so that the two that are compared find the same

    status, headers, content = call(path, body, HTTP_X_REQUEST_ID="one")
    response = Client().post(
        path,
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token('service')}", "x-request-id": "one"},
    )

    assert (status, response.status_code) == (expected, expected)
    assert content == response.content
    theirs = {name.lower(): value for name, value in response.items()}
    assert headers.items() >= {n: v for n, v in theirs.items() if n != "vary"}.items()


@pytest.mark.parametrize(
    "given",
    [
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"CONTENT_TYPE": "text/plain"},
        {"PATH_INFO": f"{BASE}/tenants/nobody/usage"},
        {"HTTP_API_KEY": "both", "HTTP_API_SECRET": "both"},
        {"CONTENT_LENGTH": "0"},
    ],
    ids=["host", "token", "media type", "tenant", "two credentials", "no body"],
)
def test_both_ways_refuse_alike(tenant: dict[str, Any], given: dict[str, str]) -> None:
    environ = {"HTTP_X_REQUEST_ID": "one", "HTTP_AUTHORIZATION": f"Bearer {token('service')}"}
    environ |= given
    path = environ.pop("PATH_INFO", f"{BASE}/tenants/{tenant['id']}/usage")
    body = b"" if given.get("CONTENT_LENGTH") == "0" else EVENT

    status, headers, content = call(path, body, **environ)
    theirs: dict[str, Any] = {"CONTENT_TYPE": "application/json", **environ}
    response = Client().generic("POST", path, body, "application/json", **theirs)

    assert (status, content) == (response.status_code, response.content)
    assert status >= 400
    said = {name.lower(): value for name, value in response.items() if name != "Vary"}
    assert headers.items() >= said.items()
    assert not UsageEvent.objects.exists()


def test_a_keyed_request_is_answered_once(tenant: dict[str, Any]) -> None:
    path = f"{BASE}/tenants/{tenant['id']}/usage"
    keyed = {"HTTP_IDEMPOTENCY_KEY": "k", "HTTP_AUTHORIZATION": f"Bearer {token('service')}"}

    first = call(path, EVENT, **keyed)
    second = call(path, EVENT, **keyed)

    assert (first[0], second[0], first[2]) == (201, 201, second[2])
    assert second[1]["idempotent-replayed"] == "true"
    assert UsageEvent.objects.count() == 1


def test_a_body_shorter_than_its_length_is_malformed(tenant: dict[str, Any]) -> None:
    path = f"{BASE}/tenants/{tenant['id']}/usage"

    status, _, content = call(path, EVENT, CONTENT_LENGTH=str(len(EVENT) + 1))

    assert (status, json.loads(content)["error"]["code"]) == (400, "MALFORMED_BODY")
    assert not UsageEvent.objects.exists()


def test_a_long_event_is_taken_too(tenant: dict[str, Any]) -> None:
    body = EVENT + b" " * LIMIT_BYTES

    status, _, _ = call(f"{BASE}/tenants/{tenant['id']}/usage", body)

    assert status == 201


def test_nothing_of_a_request_is_left_to_the_next(tenant: dict[str, Any]) -> None:
    path = f"{BASE}/tenants/{tenant['id']}/usage"
    before = (context.actor.get(), context.request_id.get())

    answers = [call(path, EVENT, HTTP_X_REQUEST_ID="mine"), call(path, EVENT), call(path, b"{")]

    ids = [headers["x-request-id"] for _, headers, _ in answers]
    assert (ids[0], len(set(ids))) == ("mine", 3)
    assert json.loads(answers[2][2])["error"]["requestId"] == ids[2]
    assert (context.actor.get(), context.request_id.get()) == before


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "GET"},
        {"PATH_INFO": "/api/v1/billing/tenants"},
        {"PATH_INFO": "/api/v1/billing/tenants/x/usage/events"},
    ],
)
def test_all_else_goes_to_django(db: None, environ: dict[str, Any]) -> None:
    status, _, _ = call(f"{BASE}/tenants/x/usage", EVENT, **environ)

    assert status == 418


@pytest.mark.parametrize("by", ["", "http", "https, http"])
def test_what_came_past_the_tls_in_front_django_redirects(
    db: None, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setitem(settings.BILLING, "BILLING_SECURE", True)

    status, _, _ = call(f"{BASE}/tenants/x/usage", EVENT, HTTP_X_FORWARDED_PROTO=by)

    assert status == 418


@pytest.mark.parametrize("rest", ["", "/batch"])
@override_settings(
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SECURE_SSL_REDIRECT=True,
    SECURE_HSTS_SECONDS=31_536_000,
    SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
    SECURE_HSTS_PRELOAD=True,
)
def test_what_came_by_tls_is_told_to_stay_with_it(
    tenant: dict[str, Any], monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    monkeypatch.setitem(settings.BILLING, "BILLING_SECURE", True)
    path = f"{BASE}/tenants/{tenant['id']}/usage{rest}"
    given = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_REQUEST_ID": "one"}

    status, headers, _ = call(path, EVENT, **given)
    theirs: dict[str, Any] = {**given, "HTTP_AUTHORIZATION": f"Bearer {token('service')}"}
    response = Client().generic("POST", path, EVENT, "application/json", **theirs)

    said = {name.lower(): value for name, value in response.items()}
    assert status == (400 if rest else 201)
    assert headers["strict-transport-security"] == said["strict-transport-security"]
    assert headers.keys() >= said.keys() - {"vary"}


def test_a_body_that_ends_early_is_malformed(tenant: dict[str, Any]) -> None:
    environ = {"wsgi.input": BrokenBody()}

    status, headers, content = call(f"{BASE}/tenants/{tenant['id']}/usage", EVENT, **environ)

    assert (status, json.loads(content)["error"]["code"]) == (400, "MALFORMED_BODY")
    assert headers["x-error-id"]


def test_a_chunked_body_over_the_limit_is_refused(tenant: dict[str, Any]) -> None:
    environ = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}

    status, _, _ = call(
        f"{BASE}/tenants/{tenant['id']}/usage", b" " * (10 * 1024 * 1024 + 1), **environ
    )

    assert status == 413


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, 200), ({"amount": 0}, 400), ({"amount": 10**9}, 429), ({"featureKey": "x"}, 404)],
    ids=["granted", "wrong", "spent", "unknown"],
)
def test_both_ways_consume_alike(db: None, change: dict[str, Any], expected: int) -> None:
    customer = team(("api", "calls", 5, "month"), at=NOON).id
    trial = {"customerId": customer, "serviceName": "api", "featureKey": "calls", "dryRun": True}
    body = json.dumps({**trial, **change}).encode()

    status, headers, content = call(f"{PORTAL}/limits/consume", body, HTTP_X_REQUEST_ID="one")
    response = Client().post(
        f"{PORTAL}/limits/consume",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token('service')}", "x-request-id": "one"},
    )

    assert (status, response.status_code) == (expected, expected)
    assert content == response.content
    assert headers.get("retry-after") == response.headers.get("Retry-After")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both_ways_show_limits_alike(db: None, method: str) -> None:
    acme = team(("api", "calls", 5, "month"))
    bearer = f"Bearer {token(sub=acme.people['user'])}"

    status, headers, content = call(
        f"{PORTAL}/limits", b"", REQUEST_METHOD="GET", HTTP_AUTHORIZATION=bearer
    )
    response = Client().generic(method, f"{PORTAL}/limits", headers={"Authorization": bearer})

    assert (status, response.status_code) == (200, 200)
    assert headers["content-length"] == response["Content-Length"]
    assert response.content == (content if method == "GET" else b"")
