"""What all tests of the API share."""

from __future__ import annotations

import pytest

from costs.api.platform import stream
from costs.streams import Hub


class Unwatched(Hub):
    """Streams say what they began with: no thread reads the database beside the test."""

    def _watch(self) -> None:
        self._thread = None


@pytest.fixture(autouse=True)
def no_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Unwatched(mark=stream.HUB._mark, read=stream.HUB._read)
    monkeypatch.setattr(stream, "HUB", hub)
