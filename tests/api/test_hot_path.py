"""The way past Django's handler says what Django's own way says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from billing.http.hot_path import HotPathApplication
from tests.client import BASE, token
from tests.quotas.scene import BASE as PORTAL
from tests.quotas.scene import NOON, team

EVENT = json.dumps({"metricType": "API_CALLS", "eventId": "same"}).encode()


class BrokenBody(BytesIO):
    """A connection that ends in the middle of a body."""

    def read(self, *_: Any) -> bytes:
        raise OSError("the peer went away")


def call(path: str, body: bytes, **environ: Any) -> tuple[int, dict[str, str], bytes]:
    said: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        said.extend((int(status[:3]), {name.lower(): value for name, value in headers}))

    def elsewhere(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("418 Elsewhere", [])
        return [b""]

    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {token('service')}",
        "wsgi.input": BytesIO(body),
        **environ,
    }
    content = b"".join(HotPathApplication(elsewhere)(given, start))
    return said[0], said[1], content


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


def test_with_tls_in_front_django_speaks(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.BILLING, "BILLING_SECURE", True)

    status, _, _ = call(f"{BASE}/tenants/x/usage", EVENT)

    assert status == 418


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
