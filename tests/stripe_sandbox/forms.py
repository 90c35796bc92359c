"""Stripe's bodies: forms whose names nest, `items[0][price]=…`, read as the document types them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.stripe_sandbox.errors import Refusal, wrong

PART: Final = re.compile(r"\[([^\[\]]*)\]")
MAX_DEPTH: Final = 8


def nested(body: str) -> dict[str, Any]:
    """Return the form as dicts of dicts; lists are dicts of numbers until they are typed."""
    made: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        head, parts = name.split("[", 1)[0], PART.findall(name)
        put(made, [head, *parts], value)
    return made


def put(into: dict[str, Any], path: list[str], value: str) -> None:
    if len(path) > MAX_DEPTH:
        raise wrong("The parameters are nested too deeply.")
    for part in path[:-1]:
        step = into.setdefault(part or str(len(into)), {})
        if not isinstance(step, dict):
            raise wrong(f"Invalid object: {path[0]}", path[0])
        into = step
    into[path[-1] or str(len(into))] = value


class Reader:
    """Types a form by the document. Raises what Stripe says of what does not fit."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self.schemas = schemas

    def read(self, form: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
        return self.object(form, schema, "")

    def value(self, given: Any, schema: Mapping[str, Any], name: str) -> Any:
        if "$ref" in schema:
            return self.value(given, self.schemas[schema["$ref"].rsplit("/", 1)[-1]], name)
        if "anyOf" in schema:
            return self.any_of(given, schema["anyOf"], name)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        read = {
            "object": self.object,
            "array": self.array,
            "integer": self.integer,
            "number": self.number,
            "boolean": self.boolean,
        }.get(kind, self.string)
        return read(given, schema, name)

    def any_of(self, given: Any, choices: list[Mapping[str, Any]], name: str) -> Any:
        failures = []
        for choice in sorted(choices, key=lambda one: "enum" not in one):
            try:
                return self.value(given, choice, name)
            except Refusal as failure:
                failures.append(failure)
        if isinstance(given, dict):  # what is wrong inside says more than that it is no string
            failures.sort(key=lambda one: one.error.get("param") == name)
        raise failures[0] if isinstance(given, dict) else failures[-1]

    def object(self, given: Any, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise wrong("Invalid object", name)
        known = schema.get("properties", {})
        more = schema.get("additionalProperties")
        made = {}
        for key, value in given.items():
            inner = f"{name}[{key}]" if name else key
            if key in known:
                made[key] = self.value(value, known[key], inner)
            elif isinstance(more, dict):
                made[key] = self.value(value, more, inner)
            else:
                raise wrong(f"Received unknown parameter: {inner}", inner, "parameter_unknown")
        for key in schema.get("required", ()):
            if key not in made:
                inner = f"{name}[{key}]" if name else key
                raise wrong(f"Missing required param: {inner}.", inner, "parameter_missing")
        return made

    def array(self, given: Any, schema: Mapping[str, Any], name: str) -> list[Any]:
        if not isinstance(given, dict) or not all(key.isdigit() for key in given):
            raise wrong("Invalid array", name)
        rows = sorted(given.items(), key=lambda row: int(row[0]))
        return [self.value(value, schema["items"], f"{name}[{key}]") for key, value in rows]

    def integer(self, given: Any, schema: Mapping[str, Any], name: str) -> int:
        if given == "":
            raise empty(name)
        if not isinstance(given, str) or not re.fullmatch(r"-?[0-9]{1,18}", given):
            raise wrong(f"Invalid integer: {given}", name, "parameter_invalid_integer")
        return int(given)

    def number(self, given: Any, schema: Mapping[str, Any], name: str) -> Any:
        if not isinstance(given, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", given):
            raise wrong(f"Invalid decimal: {given}", name)
        return float(given) if "." in given else int(given)

    def boolean(self, given: Any, schema: Mapping[str, Any], name: str) -> bool:
        if given not in {"true", "false"}:
            raise wrong(f"Invalid boolean: {given}", name)
        return bool(given == "true")

    def string(self, given: Any, schema: Mapping[str, Any], name: str) -> str:
        if not isinstance(given, str):
            raise wrong("Invalid string", name)
        choices = schema.get("enum")
        if choices and given not in choices:
            listed = ", ".join(choice for choice in choices if choice)
            raise wrong(f"Invalid {name}: must be one of {listed}", name)
        if len(given) > schema.get("maxLength", 100_000):
            most = schema["maxLength"]
            raise wrong(f"Invalid string: {name} must be at most {most} characters", name)
        return given


def empty(name: str) -> Refusal:
    return wrong(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a field; however '{name}' cannot be unset.",
        name,
        "parameter_invalid_empty",
    )
