"""Authentication, shared by the REST views and the plain views of the hot path."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from billing.accounts.keys import hash_secret
from billing.http.callers import PLATFORM_ROLES, SERVICE, Caller, Scope
from billing.http.token_cache import remember, remembered
from billing.kernel import clock, context
from billing.kernel.errors import (
    InvalidCredentials,
    NotAuthenticated,
    ServiceUnavailable,
    TwoCredentials,
)
from billing.models import ApiKey

KEY_LENGTH_LIMIT = 200


def authenticate(meta: Mapping[str, Any]) -> Caller:
    """Return who calls, as `caller_by` does, and let the logs know."""
    caller = caller_by(meta)
    context.actor.set(caller.name)
    return caller


def caller_by(meta: Mapping[str, Any]) -> Caller:
    """Return who calls, by the headers as WSGI names them.

    Raises TwoCredentials (400), NotAuthenticated or InvalidCredentials (401).
    """
    bearer = meta.get("HTTP_AUTHORIZATION")
    key = meta.get("HTTP_API_KEY")
    secret = meta.get("HTTP_API_SECRET")
    if bearer is not None and (key is not None or secret is not None):
        raise TwoCredentials
    if bearer is not None:
        return caller_of_token(bearer)
    if key is not None and secret is not None:
        return caller_of_key(key, secret, now=clock.now())
    if key is not None or secret is not None:
        raise InvalidCredentials(reason="api-key and api-secret go together")
    raise NotAuthenticated


def caller_of_token(header: str) -> Caller:
    """Verify a bearer token: one under a shared secret once. Raises InvalidCredentials."""
    config = settings.BILLING
    algorithms = config["JWT_ALGORITHMS"]
    key = (
        *(header, algorithms),
        *(config["JWT_SECRET"], config["JWT_ISSUER"], config["JWT_AUDIENCE"]),
    )
    caller = remembered(key, now=clock.now().timestamp())
    if caller is None:
        claims = verified_claims(_token_in(header))
        caller = _caller_by(claims)
        if algorithms == ("HS256",) and type(claims["exp"]) is int:
            remember(key, caller, claims["exp"])
    return caller


def may_ask_the_issuer() -> bool:
    """Say whether to verify a token may take a look at its issuer's keys, over the network."""
    return bool(settings.BILLING["JWT_ALGORITHMS"] != ("HS256",))


def _token_in(header: str) -> str:
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > 8192:
        raise InvalidCredentials(reason="the Authorization header must be Bearer and a token")
    return token.strip()


def _caller_by(claims: Mapping[str, Any]) -> Caller:
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise InvalidCredentials(reason="roles must be a list of strings")
    tenant = claims.get("tenant_id")
    return Caller(
        user_id=uuid_claim(claims["sub"], "sub"),
        roles=frozenset(roles) & PLATFORM_ROLES,
        tenant_id=None if tenant is None else uuid_claim(tenant, "tenant_id"),
    )


def uuid_claim(value: Any, name: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise InvalidCredentials(reason=f"{name} must be a UUID") from None


def verified_claims(token: str) -> dict[str, Any]:
    config = settings.BILLING
    try:
        algorithm = str(jwt.get_unverified_header(token).get("alg"))
        if algorithm not in config["JWT_ALGORITHMS"]:
            raise InvalidCredentials(reason="its algorithm is not accepted")
        claims: dict[str, Any] = jwt.decode(
            token,
            key=verification_key(token, algorithm),
            algorithms=[algorithm],
            issuer=config["JWT_ISSUER"] or None,
            audience=config["JWT_AUDIENCE"] or None,
            options={
                "require": ["exp", "sub"],
                "verify_aud": bool(config["JWT_AUDIENCE"]),
                "verify_iss": bool(config["JWT_ISSUER"]),
            },
        )
    except jwt.ExpiredSignatureError:
        raise InvalidCredentials(reason="the token has expired") from None
    except jwt.MissingRequiredClaimError as error:
        raise InvalidCredentials(reason=f"the token has no {error.claim}") from None
    except jwt.PyJWKClientConnectionError:
        raise ServiceUnavailable from None  # the issuer is away: the token may well be good
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidCredentials(reason="the token does not verify") from None
    return claims


def verification_key(token: str, algorithm: str) -> Any:
    if algorithm == "HS256":
        return settings.BILLING["JWT_SECRET"]
    return issuer_keys(settings.BILLING["JWT_JWKS_URL"]).get_signing_key_from_jwt(token).key


@lru_cache(maxsize=1)
def issuer_keys(url: str) -> jwt.PyJWKClient:
    """Return the issuer's keys: fetched once in five minutes at most, within three seconds."""
    return jwt.PyJWKClient(url, cache_keys=True, lifespan=300, timeout=3)


def caller_of_key(key: str, secret: str, *, now: datetime) -> Caller:
    """Verify an API key. Raises InvalidCredentials; which half was wrong is not told."""
    found = None
    if key.isascii() and len(key) <= KEY_LENGTH_LIMIT and "\x00" not in key:
        found = ApiKey.objects.filter(key=key).first()
    expected = found.secret_sha256 if found else "0" * 64
    if not hmac.compare_digest(expected, hash_secret(secret)) or found is None:
        raise InvalidCredentials(reason="the API key is not known")
    if found.revoked_at is not None:
        raise InvalidCredentials(reason="the API key was revoked")
    if found.expires_at is not None and found.expires_at <= now:
        raise InvalidCredentials(reason="the API key has expired")
    roles = frozenset(found.roles) & PLATFORM_ROLES
    if found.account_id and Scope.USAGE_WRITE in found.scopes:
        roles |= {SERVICE}
    return Caller(
        user_id=found.user_id,
        roles=roles,
        tenant_id=found.account_id,
        scopes=frozenset(found.scopes),
        key_id=found.id,
    )


class CallerAuthentication(BaseAuthentication):
    """DRF's way in."""

    def authenticate(self, request: Request) -> tuple[Caller, None]:
        return authenticate(request.META), None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="billing"'
