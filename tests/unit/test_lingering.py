"""What is read after a refusal, and what is not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from billing.http import lingering
from billing.http.lingering import SHORT_BYTES, Lingering, throw_away

LONG: dict[str, Any] = {"CONTENT_LENGTH": str(SHORT_BYTES + 1)}


def left_after(status: str, application: Lingering | None = None, **environ: Any) -> int:
    """Answer so, without a look at the body; return how much of it is left."""
    body = BytesIO(b" " * (SHORT_BYTES + 1))
    lingers = application or Lingering(lambda _environ, start: [start(status, []) or b"said"])
    answer = lingers({"wsgi.input": body, **environ}, lambda *_said: None)
    assert b"".join(answer) == b"said"
    return len(body.read())


@pytest.mark.parametrize("environ", [LONG, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_the_rest_of_a_long_body_is_read_after_a_refusal(environ: dict[str, Any]) -> None:
    assert left_after("401 Unauthorized", **environ) == 0
    assert left_after("200 OK", **environ) == SHORT_BYTES + 1


@pytest.mark.parametrize("environ", [{}, {"CONTENT_LENGTH": str(SHORT_BYTES)}])
def test_a_short_body_is_left_to_the_server(environ: dict[str, Any]) -> None:
    assert left_after("401 Unauthorized", **environ) == SHORT_BYTES + 1


def test_no_more_threads_linger_than_have_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "PLACES", 1)
    full = Lingering(lambda _environ, start: [start("401 Unauthorized", []) or b"said"])
    full._places.acquire()

    assert left_after("", full, **LONG) == SHORT_BYTES + 1


def test_it_ends_by_size_by_time_and_with_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def read(self, _size: int) -> bytes:
            raise ConnectionResetError

    monkeypatch.setattr(lingering, "PART_BYTES", 10)
    monkeypatch.setattr(lingering, "MOST_BYTES", 100)

    assert throw_away(BytesIO(b" " * 1_000)) == 100
    assert throw_away(Gone()) == 0
    monkeypatch.setattr(lingering, "MOST_SECONDS", -1.0)
    assert throw_away(BytesIO(b" " * 1_000)) == 0
