"""Filters of a list: which parameter narrows it down, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters import FilterSet

from billing.kernel.errors import invalid_fields

M = TypeVar("M", bound=Model)


def filtered(filters: type[FilterSet], rows: QuerySet[M], query: Mapping[str, Any]) -> QuerySet[M]:
    """Narrow rows down by the parameters that `filters` has; `query` was read by a serializer.

    Raises InvalidRequest for a value that a filter does not take: none is ever passed over.
    """
    given = {name: value for name, value in query.items() if name in filters.base_filters}
    bound = filters(given, queryset=rows)
    if bound.errors:
        raise invalid_fields([(name, text[0]) for name, text in bound.errors.items()])
    found: QuerySet[M] = bound.qs
    return found
