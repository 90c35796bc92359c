"""Bodies: how long they may be, however their length is told, and how they are read."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from billing.http.bodies import LIMIT_BYTES, BodyLimitMiddleware, read_json, require_shallow
from billing.kernel.errors import MalformedBody


def chunked(body: bytes, **environ: Any) -> WSGIRequest:
    """Make a request as a server hands it on that was sent in chunks: its length untold."""
    made = RequestFactory().post("/x", content_type="application/json")
    given = {**made.environ, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(body)}
    del given["CONTENT_LENGTH"]
    return WSGIRequest({**given, **environ})


def through(request: HttpRequest) -> tuple[int, int]:
    """Return the status behind the middleware, and how many bytes a view could read."""
    seen: list[int] = []

    def view(inner: HttpRequest) -> HttpResponse:
        seen.append(len(inner.body))
        return HttpResponse()

    response = BodyLimitMiddleware(view)(request)
    return response.status_code, sum(seen)


@pytest.mark.parametrize("size", [0, 1, 70_000, LIMIT_BYTES])
def test_a_chunked_body_within_the_limit_reaches_the_view_whole(size: int) -> None:
    assert through(chunked(b" " * size)) == (200, size)


def test_a_chunked_body_over_the_limit_does_not() -> None:
    assert through(chunked(b" " * (LIMIT_BYTES + 1))) == (413, 0)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (str(LIMIT_BYTES), 200),
        (str(LIMIT_BYTES + 1), 413),
        ("9" * 400, 413),
        ("²", 200),
        ("-1", 200),
        ("abc", 200),
    ],
)
def test_a_told_length_is_believed_before_anything_is_read(told: str, status: int) -> None:
    request = RequestFactory().post("/x", b"{}", content_type="application/json")

    request.META["CONTENT_LENGTH"] = told

    assert BodyLimitMiddleware(lambda _: HttpResponse())(request).status_code == status


def test_numbers_are_read_as_they_are_written() -> None:
    value = read_json(b'{"a": 0.10, "b": 1e3, "c": 12345678901234567890, "d": -0.0}')

    assert [(type(v), str(v)) for v in value.values()] == [
        (Decimal, "0.10"),
        (Decimal, "1E+3"),
        (int, "12345678901234567890"),
        (Decimal, "-0.0"),
    ]


@pytest.mark.parametrize("number", ["1e400", "1E+400", "-1e-400", "0e400", "1e" + "9" * 30])
def test_an_exponent_beyond_all_fields_is_refused(number: str) -> None:
    with pytest.raises(MalformedBody):
        read_json(b"[%s]" % number.encode())


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b"[[[]]]", 3),
        (b'[["[[[[[["]]', 2),
        (b'[["\\"[[[["]]', 2),
        (b'[["\\\\"], []]', 2),
        (b'{"a": {"b": [1]}}', 3),
        (b"[],[],[]", 1),
    ],
)
def test_depth_counts_brackets_outside_of_strings(body: bytes, depth: int) -> None:
    require_shallow(body, limit=depth)
    with pytest.raises(MalformedBody):
        require_shallow(body, limit=depth - 1)


def test_a_byte_order_mark_is_named() -> None:
    with pytest.raises(MalformedBody, match="byte order mark"):
        read_json(b'\xef\xbb\xbf{"name": "Acme"}')
