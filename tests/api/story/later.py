"""When all that waits for the database's own clock is due: the story's time is another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

LATER: Final = datetime(2999, 1, 1, tzinfo=UTC)
