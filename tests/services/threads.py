"""Several callers at once, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from billing.kernel.errors import BillingError


def at_once(calls: Sequence[Callable[[], Any]]) -> list[str]:
    """Make all calls at the same instant; return of each "done", or the code of its refusal."""
    line = threading.Barrier(len(calls))

    def attempt(call: Callable[[], Any]) -> str:
        try:
            connection.ensure_connection()
            line.wait(timeout=30)
            call()
        except BillingError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(attempt, calls))
