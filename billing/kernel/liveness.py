"""Whether a worker is alive: it beats into Valkey, readers look how long ago."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import redis
from django.conf import settings

KEY: Final = "billing:worker-heartbeat"
STALE_AFTER_SECONDS: Final = 60


def client() -> redis.Redis:
    """Return a client whose every call gives up after a second."""
    return redis.Redis.from_url(
        settings.BILLING["REDIS_URL"], socket_timeout=1.0, socket_connect_timeout=1.0
    )


def beat(*, now: datetime) -> None:
    with client() as connection:
        connection.set(KEY, now.isoformat(), ex=3600)


def last_beat() -> datetime | None:
    """Return when a worker last showed itself (UTC), or None. Raises redis.RedisError."""
    with client() as connection:
        value = connection.get(KEY)
    return (
        datetime.fromisoformat(value.decode()).astimezone(UTC) if isinstance(value, bytes) else None
    )
