"""Request bodies: bounded before they are read, and read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import IO, Any, Final

from django.http import HttpRequest, HttpResponse
from rest_framework.parsers import BaseParser

from billing.http.errors import json_response
from billing.kernel.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType, invalid

LIMIT_BYTES: Final = 10 * 1024 * 1024
LIMIT_DEPTH: Final = 32
LIMIT_DIGITS: Final = 60
TOO_LONG: Final = "a number has more digits than any field takes"
EXPONENT: Final = re.compile(r"[eE][+-]?([0-9]+)")
# A string that never ends runs to the body's end, so that no text is looked at twice.
STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
BRACKETS: Final = re.compile(rb"[\[\]{}]")


class BodyLimitMiddleware:
    """Refuse what is over 10 MiB, whether its length was told (Content-Length) or not (chunked)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.META.get("CONTENT_LENGTH") or ""
        if told.isascii() and told.isdigit() and int(told[:18]) > LIMIT_BYTES:
            return json_response(BodyTooLarge(limit_mib=10))
        if not told and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = request.META["wsgi.input"].read(LIMIT_BYTES + 1)
            if len(body) > LIMIT_BYTES:
                return json_response(BodyTooLarge(limit_mib=10))
            request.META["CONTENT_LENGTH"] = str(len(body))
            request._stream = BytesIO(body)  # noqa: SLF001
        return self.get_response(request)


def require_json(content_type: str) -> None:
    """Raise UnsupportedMediaType unless it says JSON in UTF-8."""
    if content_type == "application/json":
        return
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower()
    if kind.strip().lower() != "application/json" or (
        charset.startswith("charset=") and charset[8:].strip('" ') not in {"utf-8", "utf8"}
    ):
        raise UnsupportedMediaType


def require_json_of(body: bytes, content_type: str) -> None:
    """Raise UnsupportedMediaType where there is a body, or a type of one, and it is not JSON."""
    if content_type or body:
        require_json(content_type)


def _refuse_constant(name: str) -> Any:
    raise MalformedBody(reason=f"{name} is no JSON number")


def _number(text: str) -> Decimal:
    # The length first, the exponent by its digits: Decimal itself refuses 1e99999999999999999999.
    exponent = EXPONENT.search(text)
    if len(text) > LIMIT_DIGITS or (exponent and len(exponent[1].lstrip("0")) > 3):
        raise MalformedBody(reason=TOO_LONG)
    value = Decimal(text)
    if abs(value.adjusted()) > LIMIT_DIGITS:
        raise MalformedBody(reason=TOO_LONG)
    return value


def _whole(text: str) -> int:
    if len(text) > LIMIT_DIGITS:
        raise MalformedBody(reason=TOO_LONG)
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise MalformedBody(reason="an object names a field twice")
    return named


STRICT: Final = json.JSONDecoder(
    parse_float=_number,
    parse_int=_whole,
    parse_constant=_refuse_constant,
    object_pairs_hook=_once,
)
"""Made once: `json.loads` makes one each time, which takes as long as reading a short body."""


def require_shallow(body: bytes, limit: int = LIMIT_DEPTH) -> None:
    """Raise MalformedBody where brackets nest deeper than `limit`, without recursion."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    depth = 0
    for bracket in BRACKETS.findall(STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > limit:
            raise MalformedBody(reason=f"it nests deeper than {limit} levels")


def require_clean(value: Any, path: str = "") -> None:
    """Raise InvalidRequest naming the field whose text holds NUL or a lone surrogate."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise invalid(path or "body", "must not hold NUL or lone surrogates")
    elif isinstance(value, dict):
        for key, item in value.items():
            require_clean(key, f"{path}.{key!a}".lstrip("."))
            require_clean(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            require_clean(item, f"{path}[{index}]")


def read_json(body: bytes) -> Any:
    """Read JSON strictly: numbers exactly as written (int or Decimal), each field once, no NaN.

    Raises MalformedBody, or InvalidRequest naming the field.
    """
    require_shallow(body)
    try:
        text = body.decode("utf-8")
        if text.startswith("\ufeff"):
            raise MalformedBody(reason="it begins with a byte order mark")
        value = STRICT.decode(text)
    except UnicodeDecodeError:
        raise MalformedBody(reason="it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(reason=f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise MalformedBody(reason="it nests too deep") from None
    if b"\\u" in body:  # raw NUL and surrogates can't come this far
        require_clean(value)
    return value


class StrictJSONParser(BaseParser):
    """DRF's way in to `read_json`. An empty body is an empty object: actions need none."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        require_json(media_type or "")
        body = stream.read()
        if not body.strip():
            return {}
        value = read_json(body)
        if not isinstance(value, dict):
            raise MalformedBody(reason="it must be an object")
        return value
