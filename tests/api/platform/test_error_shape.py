"""Every failure, from whatever layer, has the one shape, and tells nothing that it should not."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from billing.http.views import PlatformView
from billing.kernel.errors import InvalidRequest, NotFound, TenantNotFound
from billing.models import Meter
from tests.client import BASE, Api, error_of, json_of

pytestmark = pytest.mark.django_db


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1/billing/",
        "/api/v1/billing/nothing",
        "/api/v1/billing/tenants/",
        "/api/v1/billing/plans//archive",
        "/api/v1/billing/meters/a%2Fb",
        "/api/v1/billing/%00",
        "/api/v1/billing/%ff%fe",
        "/api/v2/billing/tenants",
        "/adminx",
        "/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "BREW"])
def test_an_unknown_path_is_a_404(admin: Api, method: str, path: str) -> None:
    assert error_of(admin.send(method, path, base="")) == (404, "ROUTE_NOT_FOUND")


def test_the_back_office_is_found_without_its_slash() -> None:
    response = Api().get("/admin", base="")

    assert (response.status_code, response["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", f"{BASE}/tenants", {"GET", "POST"}),
        ("PUT", f"{BASE}/plans/x", {"GET", "PATCH"}),
        ("GET", f"{BASE}/plans/x/archive", {"POST"}),
        ("HEAD", f"{BASE}/plans/x/archive", {"POST"}),
        ("TRACE", f"{BASE}/meters", {"GET", "POST"}),
        ("BREW", f"{BASE}/meters", {"GET", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("DELETE", "/readyz", {"GET", "HEAD"}),
        ("POST", "/api/schema", {"GET"}),
    ],
)
@pytest.mark.parametrize("caller", [Api(), Api.of("billing_admin")], ids=["nobody", "admin"])
def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    caller: Api, method: str, path: str, allow: set[str]
) -> None:
    response = caller.send(method, path, base="")

    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allow - {"HEAD"}
    if method != "HEAD":
        assert error_of(response) == (405, "METHOD_NOT_ALLOWED")


def test_head_answers_as_get_does_without_a_body(admin: Api, stranger: Api) -> None:
    made = json_of(admin.post("/tenants", {"name": "Acme"}), 201)

    head = admin.send("HEAD", f"/tenants/{made['id']}")

    assert (head.status_code, head.content) == (200, b"")
    assert stranger.send("HEAD", f"/tenants/{made['id']}").status_code == 403


@pytest.mark.parametrize("path", ["/meters/{}", "/plans/{}", "/tenants/{}"])
@pytest.mark.parametrize(
    "part", ["%00", "a%00b", "%EF%BF%BE", "x" * 5000, "%F0%9F%98%80", "%0d%0a"]
)
def test_a_strange_path_is_a_400_or_404(admin: Api, path: str, part: str) -> None:
    for method in ("GET", "PATCH"):
        assert error_of(admin.send(method, path.format(part), body={}))[0] in {400, 404}


def test_a_strange_path_with_an_idempotency_key_is_a_404_each_time(admin: Api) -> None:
    for part in ("x" * 5000, "a%00b"):
        for _ in range(2):
            response = admin.post(f"/plans/{part}/archive", idempotency_key="k")
            assert json_of(response, 404)["error"]["code"].endswith("NOT_FOUND")


@pytest.mark.parametrize("part", ["1", "x", "019a2f6e8c1b7a40b2c95f0d7d1e6a11", "%20"])
def test_a_bad_uuid_in_a_path_is_a_400(admin: Api, part: str) -> None:
    assert error_of(admin.get(f"/tenants/{part}")) == (400, "INVALID_REQUEST")


def test_equal_errors_share_the_md5_of_their_constant_message(admin: Api) -> None:
    unknown = admin.get(f"/tenants/{uuid4()}")
    meter, plan = admin.get("/meters/x"), admin.get("/plans/x")
    one, other = admin.post("/tenants", {}), admin.post("/meters", {"metricType": 7})

    assert unknown["x-error-id"] == md5(TenantNotFound.message)
    assert meter["x-error-id"] == plan["x-error-id"] == md5(NotFound.message)
    assert one["x-error-id"] == other["x-error-id"] == md5(InvalidRequest.message)
    assert meter["x-error"] == "There is no such meter."
    assert plan["x-error"] == "There is no such plan."


def test_the_language_of_the_caller_changes_no_message(admin: Api) -> None:
    plain = admin.post("/tenants", {})
    german = admin.post("/tenants", {}, accept_language="de")

    assert json_of(german, 400)["error"]["details"] == json_of(plain, 400)["error"]["details"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-123:x/y.z=+_", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        ("a b", False),
        ("a\r\nx-evil: 1", False),
        ("a\n", False),
        ("ä", False),
        ("<script>", False),
    ],
)
def test_a_safe_request_id_is_kept_and_no_other(admin: Api, given: str, *, kept: bool) -> None:
    response = admin.get("/meters/x", x_request_id=given)

    assert (response["x-request-id"] == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._:/+=-]{1,128}", response["x-request-id"])
    assert json_of(response, 404)["error"]["requestId"] == response["x-request-id"]


def test_no_message_becomes_a_header_of_its_own(admin: Api) -> None:
    evil = "x\r\nSet-Cookie: a=1\r\n\u2028ü"

    response = admin.post("/tenants", {"name": "A", evil: 1})

    assert response["x-error"].isascii()
    assert response["x-error"].isprintable()
    assert "Set-Cookie" not in response.headers
    assert json_of(response, 400)["error"]["details"][0]["field"] == evil


def test_a_bug_is_a_500_that_tells_nothing(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: PlatformView, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("SELECT secret FROM vault at /srv/app.py")

    monkeypatch.setattr("billing.api.platform.meters.MetersView.get", broken)

    response = admin.get("/meters")

    assert error_of(response) == (500, "INTERNAL_ERROR")
    assert b"secret" not in response.content
    assert "vault" not in str(response.headers)


def test_a_bug_in_a_middleware_is_a_500_that_tells_nothing(
    admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("SELECT secret FROM vault")

    monkeypatch.setattr("django.middleware.locale.LocaleMiddleware.process_request", broken)

    response = admin.get("/meters")

    assert error_of(response) == (500, "INTERNAL_ERROR")
    assert b"secret" not in response.content


@pytest.mark.parametrize("raised", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_a_503(
    admin: Api, monkeypatch: pytest.MonkeyPatch, raised: type[DatabaseError]
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise raised("connection to server at 10.0.0.7 failed: password for billing")

    monkeypatch.setattr(Meter.objects, "filter", away)

    response = admin.get("/meters/API_CALLS")

    assert error_of(response) == (503, "SERVICE_UNAVAILABLE")
    assert int(response["Retry-After"]) > 0
    assert b"10.0.0.7" not in response.content


def test_a_host_that_is_not_ours_is_a_400(admin: Api) -> None:
    assert error_of(admin.get("/meters", host="evil.example")) == (400, "INVALID_REQUEST")
