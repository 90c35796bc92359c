"""The base of every input: unknown fields are refused, null counts where the contract says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request

from billing.http.errors import field_problems
from billing.kernel.errors import invalid_fields


class Input(serializers.Serializer[Any]):
    """What an endpoint takes. A field marked `allow_null` takes null as if it were left out."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("must be an object")
        unknown = [str(name)[:100] for name in data if name not in self.fields]
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                dict.fromkeys(unknown, f"is not a field here; there are: {known}")
            )
        given = {
            name: value
            for name, value in data.items()
            if not (value is None and self.fields[name].allow_null and not self.keeps_null(name))
        }
        return super().to_internal_value(given)

    def keeps_null(self, name: str) -> bool:
        """Say whether null is told from absence: where a PATCH clears a field."""
        return bool(self.partial)


class Nothing(Input):
    """A body without fields, or none."""


def read(serializer: type[Input], data: Any, **kwargs: Any) -> dict[str, Any]:
    """Return the checked values. Raises InvalidRequest naming every field that is wrong."""
    bound = serializer(data=data, **kwargs)
    if not bound.is_valid():
        raise invalid_fields([p for p in field_problems(bound.errors) if p[1]])
    values: dict[str, Any] = bound.validated_data
    return values


def read_query(serializer: type[Input], request: Request) -> dict[str, Any]:
    """Read the query string; a parameter given twice with different values is refused."""
    return read(serializer, _single_values(request), context={"from_query": True})


def _single_values(request: Request) -> dict[str, str]:
    twice = [name for name, values in request.query_params.lists() if len(set(values)) > 1]
    if twice:
        raise invalid_fields([(name, "is given twice with different values") for name in twice])
    return {name: values[-1] for name, values in request.query_params.lists()}


def read_action(serializer: type[Input], request: Request) -> dict[str, Any]:
    """Read an action's parameters from the body, the query, or some from each.

    A parameter that stands in both has to say the same in both; null in the body says nothing.
    """
    body = cast("dict[str, Any]", request.data)
    query = _single_values(request)
    from_body = read(serializer, body, partial=True) if body else {}
    from_query = (
        read(serializer, query, partial=True, context={"from_query": True}) if query else {}
    )
    body = {
        name: value for name, value in body.items() if value is not None or name not in from_query
    }
    differing = [n for n in body.keys() & from_query.keys() if from_body[n] != from_query[n]]
    if differing:
        raise invalid_fields(
            [(name, "differs between the body and the query") for name in sorted(differing)]
        )
    return read(serializer, {**_as_in_a_body(query, from_query), **body})


def _as_in_a_body(query: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a query's flags and whole numbers as JSON does; all else is text in both."""
    return {
        name: values[name] if isinstance(values[name], int) else text
        for name, text in query.items()
    }
