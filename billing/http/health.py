"""`/healthz`: this process answers. `/readyz`: all that it needs is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import redis
import structlog
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from billing.http.errors import json_response
from billing.http.openapi import described_by
from billing.http.openapi.health import HealthDescription, ReadinessDescription
from billing.kernel import clock, liveness
from billing.kernel.errors import ServiceUnavailable

log = structlog.get_logger(__name__)

_migrated: set[bool] = set()


@described_by(HealthDescription)
@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def check_migrations() -> str:
    """Say whether the database is as new as the code. Once it was, it stays so for this process."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} to apply: run bin/manage migrate"
        _migrated.add(True)
    return "ok"


def check_valkey() -> str:
    with liveness.client() as client:
        client.ping()
    return "ok"


def check_worker(now: datetime) -> str:
    seen = liveness.last_beat()
    if seen is None:
        return "no worker has shown itself yet"
    silent = int((now - seen).total_seconds())
    return "ok" if silent < liveness.STALE_AFTER_SECONDS else f"silent for {silent} s"


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except redis.RedisError:
        return "Valkey can't be reached"
    except Exception as error:  # noqa: BLE001 - a probe answers, whatever is broken
        log.warning("readiness_check_failed", reason=str(error))
        return "can't be reached"


ORDER: Final = ("database", "migrations", "valkey", "worker")


@described_by(ReadinessDescription)
@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    checks = {
        "database": _tried(check_database),
        "migrations": _tried(check_migrations),
        "valkey": _tried(check_valkey),
        "worker": _tried(lambda: check_worker(now)),
    }
    ready = all(result == "ok" for result in checks.values())
    if not ready:
        extra: dict[str, object] = {"status": "unavailable", "checks": checks}
        return json_response(ServiceUnavailable(extra=extra))
    return JsonResponse({"status": "ok", "checks": checks})
