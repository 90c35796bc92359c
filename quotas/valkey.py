"""Valkey, where rates are counted: few connections, kept open, with short patience."""

from __future__ import annotations

import threading
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECTIONS: Final = 64
"""At most so many a process: four for each thread of a web worker."""
PATIENCE_SECONDS: Final = 0.5

Unavailable = redis.RedisError
"""What every call raises where Valkey is away, too slow, full, or still loading."""

_mutex: Final = threading.Lock()
_clients: Final[dict[str, redis.Redis]] = {}


def client() -> redis.Redis:
    """Return this process's client. Connections are made anew after a fork or a break.

    Nothing is sent twice: whether a call whose answer was lost has counted is not known, and a
    second one would count again.
    """
    url = settings.BILLING["REDIS_URL"]
    found = _clients.get(url)
    if found is None:
        with _mutex:
            found = _clients.setdefault(url, _made(url))
    return found


def _made(url: str) -> redis.Redis:
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS,
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "health_check_interval": 0,
    }
    return redis.Redis(connection_pool=redis.ConnectionPool.from_url(url, **options))
