"""API keys: made, shown once, revoked."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.accounts.models import ApiKey, LockedAccount
from billing.kernel.errors import NotFound
from billing.kernel.services import service


def hash_secret(secret: str) -> str:
    """Hash a key's secret. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@service
def create_api_key(
    *,
    user_id: UUID | None = None,
    account_id: UUID | None = None,
    name: str = "",
    roles: list[str] | None = None,
    scopes: list[str],
    expires_at: datetime | None = None,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make a key for a user, or a service key bound to one tenant; return it and its secret.

    The secret is not kept: this is the one time that it is seen.
    """
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        key=f"bk_{secrets.token_hex(12)}",
        secret_sha256=hash_secret(secret),
        name=name,
        user_id=user_id,
        account_id=account_id,
        roles=roles or [],
        scopes=scopes,
        expires_at=expires_at,
        created_at=now,
    )
    audit.record(
        action="api_key.created",
        account_id=account_id,
        subject=key.key,
        after={"roles": key.roles, "scopes": key.scopes},
        now=now,
    )
    return key, secret


@service
def revoke_api_key(*, key_id: UUID, now: datetime) -> ApiKey:
    """Revoke a key at once and for ever. Revoking again changes nothing. Raises NotFound."""
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound(noun="API key")
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        audit.record(action="api_key.revoked", account_id=key.account_id, subject=key.key, now=now)
    return key


def revoke_keys_of(account: LockedAccount, *, now: datetime) -> None:
    """Revoke the service keys of an account and forget their names; users' own keys stay theirs."""
    keys = ApiKey.objects.filter(account_id=account.id)
    keys.filter(revoked_at__isnull=True).update(revoked_at=now)
    keys.update(name="")
