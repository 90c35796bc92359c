"""Usage events as they come over the wire: a whole body decoded at once, or one event at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw

from billing.kernel.errors import InvalidRequest, MalformedBody, invalid

LIMIT_EVENTS: Final = 10_000
ABSENT: Final = Raw(b"")

Text = Annotated[str, Meta(max_length=255)]
Code = Annotated[str, Meta(min_length=1, max_length=255)]


class Wire(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event as the contract names it. Quantity and metadata are read by `checks`, exactly."""

    metricType: Text  # noqa: N815
    quantity: Raw = ABSENT
    unit: Text | None = None
    eventId: Code | None = None  # noqa: N815
    timestamp: datetime | None = None
    resourceId: Text | None = None  # noqa: N815
    resourceType: Text | None = None  # noqa: N815
    userId: Text | None = None  # noqa: N815
    costCenterId: Text | None = None  # noqa: N815
    costCenterCode: Code | None = None  # noqa: N815
    metadata: Raw = ABSENT
    correction: bool = False


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[Wire]


_ONE: Final = msgspec.json.Decoder(Wire)
_LIST: Final = msgspec.json.Decoder(list[Wire])
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_PLAIN: Final = json.JSONDecoder(parse_constant=lambda name: _refuse(f"{name} is no JSON number"))
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class Unreadable(msgspec.Struct, gc=False):
    """An event that is no event: with its id, where it has one that can be read."""

    event_id: str | None
    error: InvalidRequest


def _refuse(reason: str) -> Any:
    raise MalformedBody(reason=reason)


def read_event(body: bytes) -> Wire:
    """Read the body of a single event. Raises MalformedBody, InvalidRequest."""
    if not body.isascii():
        _require_utf8(body)
    try:
        return _ONE.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = _apart(_body_text(body))
        if isinstance(found, Unreadable):
            raise found.error from None
        return found


def read_batch(body: bytes) -> Sequence[Wire | Unreadable]:
    """Read a list of events, or {"events": […]}. What is no event stands in its place.

    Raises MalformedBody, or InvalidRequest for what is no list of 1 to 10,000.
    """
    if not body.isascii():
        _require_utf8(body)
    events: Sequence[Wire | Unreadable]
    try:
        events = _LIST.decode(body) if body.lstrip()[:1] == b"[" else _ENVELOPE.decode(body).events
    except (msgspec.MsgspecError, ValueError, RecursionError):
        events = [_apart(text) for text in _pieces(_body_text(body))]
    if not 1 <= len(events) <= LIMIT_EVENTS:
        raise invalid("events", f"must be a list of 1 to {LIMIT_EVENTS} events")
    return events


def _require_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise MalformedBody(reason="it is not UTF-8") from None


def _body_text(body: bytes) -> str:
    """Return a body that is JSON in full. Raises MalformedBody."""
    text = body.decode()
    if not text.strip():
        raise MalformedBody(reason="it is empty")
    try:
        _PLAIN.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedBody(reason=f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise MalformedBody(reason="it nests too deep") from None
    except ValueError:
        raise MalformedBody(reason="a number has more digits than any field takes") from None
    return text


def _pieces(text: str) -> Iterator[str]:
    """Cut the list of events of a sound body into the texts of its elements."""
    at = _skip(text, 0)
    if text[at] == "{":
        at = _inside_envelope(text, at)
    if text[at] != "[":
        raise invalid("events", f"must be a list of 1 to {LIMIT_EVENTS} events")
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, end = _PLAIN.raw_decode(text, at)
        yield text[at:end]
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _inside_envelope(text: str, at: int) -> int:
    """Return where the value of "events" begins. Raises InvalidRequest for any other field."""
    found = -1
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _PLAIN.raw_decode(text, at)
        if name != "events":
            raise invalid(str(name)[:100], "is not a field here; there is: events")
        found = _skip(text, _skip(text, end) + 1)
        _, end = _PLAIN.raw_decode(text, found)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    if found < 0:
        raise invalid("events", "is required")
    return found


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _apart(text: str) -> Wire | Unreadable:
    """Decode one event of a body that is sound JSON."""
    try:
        return _ONE.decode(text)
    except msgspec.ValidationError as error:
        problem = _explain(str(error))
    except RecursionError:
        problem = invalid("event", "nests too deep")
    except (msgspec.DecodeError, ValueError):
        problem = invalid("event", "must not hold NUL or lone surrogates")
    return Unreadable(_id_in(text), problem)


_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`$")
_RULE: Final = re.compile(r"(.*) - at `\$\.(\w+)`$", re.DOTALL)
_RULES: Final = (
    ("Expected `str` of length >= 1", "must not be empty"),
    ("Expected `str` of length <= 255", "must have at most 255 characters"),
    ("Expected `str", "must be a string"),
    ("Expected `bool`", "must be true or false"),
    ("Expected `datetime", "must be an RFC 3339 timestamp such as 2026-01-31T10:00:00Z"),
    ("Invalid RFC3339", "must be an RFC 3339 timestamp such as 2026-01-31T10:00:00Z"),
)


def _explain(message: str) -> InvalidRequest:
    """Say in our words what the decoder found wrong."""
    if unknown := _UNKNOWN.search(message):
        known = ", ".join(Wire.__struct_fields__)
        return invalid(unknown[1][:100], f"is not a field here; there are: {known}")
    if missing := _MISSING.search(message):
        return invalid(missing[1], "is required")
    if rule := _RULE.search(message):
        said = next((ours for theirs, ours in _RULES if rule[1].startswith(theirs)), "is not valid")
        return invalid(rule[2], said)
    return invalid("event", "must be an object")


def _id_in(text: str) -> str | None:
    try:
        value = _PLAIN.decode(text)
    except (ValueError, RecursionError):
        return None
    found = value.get("eventId") if isinstance(value, dict) else None
    if not isinstance(found, str) or not 1 <= len(found) <= 255:
        return None
    return found if found.isprintable() else None
