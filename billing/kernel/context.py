"""What every layer may know of the request that it serves: its id, and who asks."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
actor: Final[ContextVar[str]] = ContextVar("actor", default="system")
