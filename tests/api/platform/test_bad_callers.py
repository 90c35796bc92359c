"""Credentials that are wrong, missing, doubled or not enough, at every endpoint."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings

from billing.accounts import keys
from billing.kernel import clock
from tests.api.platform.endpoint import Endpoint
from tests.api.platform.endpoints import ENDPOINTS
from tests.client import Api, error_of, json_of, token

pytestmark = pytest.mark.django_db
every = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
guarded = pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.by != "person"], ids=str)
NAMING = [e for e in ENDPOINTS if e.path in {"/stripe/checkout", "/stripe/portal"}]
NOT_A_PRODUCERS = [
    e
    for e in ENDPOINTS
    if e.by != "person" and e not in NAMING and not e.path.endswith("/quotas/reservations")
]
"""All but what names a tenant in its body, and reserving, which is a producer's to do."""
REFUSED = {"owner": (404, "NO_CUSTOMER")}
"""What a producer of usage is told where a member of a customer is asked for."""

PAST = datetime(2020, 1, 1, tzinfo=UTC)
OTHER_SECRET = "another-secret-that-is-long-enough-0123456789"


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def unsigned(algorithm: str) -> str:
    claims = {"sub": str(uuid4()), "roles": ["billing_admin"], "exp": 4102444800}
    return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}."


def tampered() -> str:
    header, _, signature = token("service").split(".")
    claims = {"sub": str(uuid4()), "roles": ["billing_admin"], "exp": 4102444800}
    return f"{header}.{encoded(claims)}.{signature}"


def signed(claims: Any, algorithm: str = "HS256", times: int = 1) -> str:
    return jwt.encode(claims, settings.BILLING["JWT_SECRET"] * times, algorithm=algorithm)


def bad_tokens() -> dict[str, str]:
    good = token("billing_admin")
    return {
        "expired": token("billing_admin", exp=int(PAST.timestamp())),
        "without exp": token("billing_admin", exp=None),
        "without sub": signed({"roles": ["billing_admin"], "exp": 4102444800}),
        "sub no UUID": token("billing_admin", sub="admin"),
        "sub a number": signed({"sub": 7, "exp": 4102444800}),
        "exp no number": token("billing_admin", exp="never"),
        "exp beyond numbers": token("billing_admin", exp=1e308 * 10),
        "roles a string": token(roles="billing_admin"),
        "roles of numbers": token(roles=[1]),
        "tenant_id no UUID": token("service", tenant_id="x"),
        "not yet": token("billing_admin", nbf=4102444800),
        "another secret": token("billing_admin", secret=OTHER_SECRET),
        "alg none": unsigned("none"),
        "alg None": unsigned("None"),
        "alg HS256 without a signature": unsigned("HS256"),
        "alg RS256": unsigned("RS256"),
        "alg HS512": signed({"sub": str(uuid4()), "exp": 4102444800}, "HS512", 2),
        "tampered with": tampered(),
        "two parts": good.rpartition(".")[0],
        "four parts": good + ".x",
        "no token": "abc",
        "not base64": "ä.ö.ü",
        "a list of claims": ".".join([encoded({"alg": "HS256"}), "W10", "x"]),
        "very long": "a" * 9000,
    }


def bad_headers() -> dict[str, dict[str, str]]:
    good = token("billing_admin")
    bearers = bad_tokens()
    headers = {name: {"Authorization": f"Bearer {value}"} for name, value in bearers.items()}
    return {
        **headers,
        "nothing": {},
        "an empty header": {"Authorization": ""},
        "no scheme": {"Authorization": good},
        "another scheme": {"Authorization": f"Basic {good}"},
        "no token after the scheme": {"Authorization": "Bearer "},
        "an unknown key": {"api-key": "nothing", "api-secret": "nothing"},
        "a key alone": {"api-key": "nothing"},
        "a secret alone": {"api-secret": "nothing"},
        "a key with NUL": {"api-key": "a\x00b", "api-secret": "nothing"},
        "a very long key": {"api-key": "k" * 5000, "api-secret": "s" * 5000},
        "a key in another script": {"api-key": "ключ", "api-secret": "тайна"},
    }


@every
def test_credentials_that_do_not_verify_are_a_401(refused: Any, endpoint: Endpoint) -> None:
    wrong = {}

    for name, headers in bad_headers().items():
        response = refused(endpoint, caller=Api(headers), body=endpoint.body)
        status, code = error_of(response)
        if status != 401 or "Bearer" not in response["WWW-Authenticate"]:
            wrong[name] = (status, code)

    assert wrong == {}


def test_a_refused_token_is_not_repeated(refused: Any) -> None:
    for headers in bad_headers().values():
        response = refused(ENDPOINTS[0], caller=Api(headers), body={"name": "A"})
        for value in headers.values():
            assert len(value) < 10 or value.encode() not in response.content


@every
def test_both_credentials_at_once_are_a_400(refused: Any, admin: Api, endpoint: Endpoint) -> None:
    for extra in ({"api_key": "k", "api_secret": "s"}, {"api_key": "k"}, {"api_secret": "s"}):
        response = refused(endpoint, body=endpoint.body, **extra)

        assert error_of(response) == (400, "TWO_CREDENTIALS")


@guarded
def test_a_stranger_is_refused(refused: Any, stranger: Api, endpoint: Endpoint) -> None:
    answer = refused(endpoint, caller=stranger, body=endpoint.body)

    assert error_of(answer) == endpoint.stranger


@pytest.mark.parametrize("endpoint", NOT_A_PRODUCERS, ids=str)
def test_a_producer_of_usage_is_refused(refused: Any, service: Api, endpoint: Endpoint) -> None:
    answer = refused(endpoint, caller=service, body=endpoint.body)

    assert error_of(answer) == REFUSED.get(endpoint.by, (403, "FORBIDDEN"))


@pytest.mark.parametrize("endpoint", NAMING, ids=str)
def test_an_unbound_producer_is_told_of_an_unknown_tenant(
    refused: Any, service: Api, endpoint: Endpoint
) -> None:
    answer = refused(endpoint, caller=service, body=endpoint.body)

    assert error_of(answer) == (404, "TENANT_NOT_FOUND")


@guarded
def test_a_role_that_we_do_not_know_gives_nothing(refused: Any, endpoint: Endpoint) -> None:
    caller = Api.of("admin", "BILLING_ADMIN", "billing_admin ", "root")

    assert error_of(refused(endpoint, caller=caller, body=endpoint.body)) == endpoint.stranger


def make_key(**given: Any) -> tuple[Api, Any]:
    key, secret = keys.create_api_key(
        name="test",
        now=clock.now(),
        **{"user_id": uuid4(), "account_id": None, "roles": [], "expires_at": None, **given},
    )
    return Api({"api-key": key.key, "api-secret": secret}), key


def test_a_key_does_what_its_scopes_and_roles_say_together() -> None:
    admin_key, _ = make_key(roles=["billing_admin"], scopes=["admin"])
    reading, _ = make_key(roles=["billing_admin"], scopes=["billing:read"])
    no_role, _ = make_key(scopes=["admin"])

    assert json_of(admin_key.post("/tenants", {"name": "Acme"}), 201)["name"] == "Acme"
    assert error_of(reading.post("/tenants", {"name": "Acme"})) == (403, "FORBIDDEN")
    assert error_of(no_role.post("/tenants", {"name": "Acme"})) == (403, "FORBIDDEN")


def test_a_key_past_its_time_or_revoked_or_with_another_secret_is_a_401() -> None:
    expired, _ = make_key(scopes=["admin"], expires_at=clock.now() - timedelta(seconds=1))
    revoked, key = make_key(scopes=["admin"])
    keys.revoke_api_key(key_id=key.id, now=clock.now())
    wrong, _ = make_key(scopes=["admin"])
    wrong = Api({**wrong.headers, "api-secret": wrong.headers["api-secret"][:-1]})

    for caller in (expired, revoked, wrong):
        assert error_of(caller.get("/meters")) == (401, "INVALID_CREDENTIALS")
