"""Stripe's own document: which requests there are, and what an answer must look like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jsonschema import (  # type: ignore[import-untyped]
    Draft202012Validator,
    ValidationError,
)

from tests.stripe_sandbox.forms import Reader
from tests.stripe_sandbox.judge import Judge, Judges
from tests.stripe_sandbox.subset import SUBSET


class Drift(AssertionError):
    """The sandbox was about to say what Stripe's document does not know."""


def strict(schema: Any) -> Any:
    """Return it as JSON Schema of today: `nullable` written out, unknown fields refused."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: strict(one) for name, one in value.items()}
        if key == "properties"
        else (value if key in {"enum", "required"} else strict(value))
        for key, value in schema.items()
        if key != "nullable"
    }
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, made]}
    return made


LOADED: Final[dict[str, Any]] = json.loads(SUBSET.read_text(encoding="utf-8"))
VERSION: Final[str] = LOADED["info"]["version"]
SCHEMAS: Final[Mapping[str, Any]] = LOADED["schemas"]
EVENT_TYPES: Final = frozenset(LOADED["events"]) - {"*"}
OPERATIONS: Final[Mapping[str, Any]] = LOADED["operations"]
STRICT: Final = {name: strict(schema) for name, schema in SCHEMAS.items()}
READER: Final = Reader(SCHEMAS)
JUDGES: Final = Judges(STRICT)


def pattern_of(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z_]+\}", "([^/]+)", path) + "$")


# Paths without a name in them first: /v1/customers/search is no customer's id.
ROUTES: Final = sorted(
    ((key.split(" ")[0], pattern_of(key.split(" ")[1]), key) for key in OPERATIONS),
    key=lambda row: "(" in row[1].pattern,
)


def find(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the operation that answers, such as "GET /v1/events/{id}", and the path's ids."""
    for one, pattern, key in ROUTES:
        found = pattern.match(path) if one == method else None
        if found:
            return key, found.groups()
    return None


def read_form(operation: str, form: dict[str, Any]) -> dict[str, Any]:
    return READER.read(form, OPERATIONS[operation]["form"])


@cache
def _judge(name: str, operation: str) -> tuple[Judge, Draft202012Validator]:
    """Return the quick judge, and the slow one that says why."""
    schema = {"$ref": f"#/schemas/{name}"} if name else strict(OPERATIONS[operation]["answer"])
    return JUDGES.of(schema), Draft202012Validator({**schema, "schemas": STRICT})


def check_answer(operation: str, body: Any) -> None:
    """Raise Drift unless the body is what the document says that this operation answers."""
    _check(_judge("", operation), body, operation)


def check_object(body: Mapping[str, Any]) -> None:
    """Raise Drift unless the object is what the document says of its kind."""
    _check(_judge(schema_of(body), ""), body, str(body.get("object")))


def schema_of(body: Mapping[str, Any]) -> str:
    kind = str(body.get("object"))
    return f"deleted_{kind}" if body.get("deleted") else kind


def _check(judges: tuple[Judge, Draft202012Validator], body: Any, what: str) -> None:
    quick, slow = judges
    found = None if quick(body) else next(iter(slow.iter_errors(body)), None)
    if found is None:
        return
    while found.context:
        found = min(found.context, key=_unlikely)
    where = ".".join(str(part) for part in found.absolute_path)
    raise Drift(f"{what}: {where}: {found.message[:600]}")


def _unlikely(error: ValidationError) -> tuple[bool, int]:
    """Order the branches of a choice: the one that was meant fails deepest, and not on `null`."""
    other = error.validator == "type" and not error.context
    return other, -len(error.absolute_path)


def blank(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of this kind: what is given, and what the document needs beside it."""
    schema = SCHEMAS[name]
    needed = set(schema.get("required", ()))
    made: dict[str, Any] = {}
    for field, one in schema["properties"].items():
        if field in given:
            made[field] = given[field]
        elif one.get("nullable"):
            made[field] = None
        elif field in needed:
            made[field] = _empty(one, f"{name}.{field}")
    hidden = {key: value for key, value in given.items() if key.startswith("_")}
    unknown = set(given) - set(made) - set(hidden)
    if unknown:
        raise Drift(f"{name} has no {sorted(unknown)}")
    return made | hidden


def _empty(schema: Mapping[str, Any], what: str) -> Any:
    if "$ref" in schema:
        return blank(schema["$ref"].rsplit("/", 1)[-1], {})
    if "anyOf" in schema:
        return _empty(schema["anyOf"][0], what)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {key: _empty(schema["properties"][key], what) for key in schema.get("required", ())}
    simple: dict[str, Any] = {"array": [], "boolean": False, "integer": 0, "object": {}}
    if schema.get("type") not in simple:
        raise Drift(f"{what} must be given")
    return json.loads(json.dumps(simple[schema["type"]]))
