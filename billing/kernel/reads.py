"""Reads of hot paths: querysets whose text is made once, whose plan the server keeps.

Django's compiler takes longer for a statement than the database does for the answer. A `Read`
compiles its queryset the first time; afterwards only values are sent. What comes back are the same
models, through Django's converters, and its wrappers see each of the statements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from django.db import connection
from django.db.models import BooleanField, Expression, F, Field, Func, QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.transaction import TransactionManagementError

from billing.kernel.statements import cursor_of, raw_connection

Row = tuple[Any, ...]
Found = TypeVar("Found")


class Given(Expression):
    """The place of a value that each use gives, the first is 0, and its type in Postgres."""

    def __init__(self, place: int, kind: str) -> None:
        super().__init__(output_field=Field())
        self.place = place
        self._kind = kind

    def as_sql(self, *_: Any, **__: Any) -> Any:
        return f"%s::{self._kind}", [self]


class AnyOf(Func):
    """A column is one of the values of a list, which has one place.

    `filter(AnyOf("account_id", 0, "uuid"))`: unlike `__in`, its text is that of any length.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def __init__(self, column: str, place: int, kind: str) -> None:
        super().__init__(F(column), Given(place, f"{kind}[]"), output_field=BooleanField())


class Read(Generic[Found]):
    """A queryset of models, or of `values_list`, with values given anew each time.

    `build` makes it, once, with `Given` and `AnyOf` where a value belongs. `select_related`,
    `select_for_update` and annotations work; `prefetch_related`, `only` and `defer` do not.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._compiled: _Compiled | None = None

    def __call__(self, *values: Any) -> list[Found]:
        """Return the rows, by one query. Values go as psycopg sends them: UUIDs, lists, times."""
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = _Compiled(self._build())
        return cast("list[Found]", compiled.rows(values))

    def first(self, *values: Any) -> Found | None:
        """Return the first row, if there is one."""
        rows = self(*values)
        return rows[0] if rows else None


class _Compiled:
    """The text of a queryset, its places, and how its rows become what it yields."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        ways: dict[Any, Callable[[Any], list[Any]]] = {
            ModelIterable: self._models,
            ValuesListIterable: self._tuples,
        }
        self._way = ways[queryset._iterable_class]  # noqa: SLF001
        self._compiler = queryset.query.get_compiler(connection=connection)
        text, self._params = self._compiler.as_sql()
        self._text = text
        self._locks = queryset.query.select_for_update
        fields = [expression for expression, _, _ in self._compiler.select]
        self._converters = self._compiler.get_converters(fields)
        klass, select = self._compiler.klass_info, self._compiler.select
        if klass is not None:
            self._shape = _shape(klass, select)
            self._related = get_related_populators(klass, select, connection.alias)  # type: ignore[call-arg]

    def rows(self, values: Row) -> list[Any]:
        if self._locks and not connection.in_atomic_block:  # Django looks where it compiles
            raise TransactionManagementError("rows are locked in a transaction only")
        params = [values[one.place] if isinstance(one, Given) else one for one in self._params]
        found: Any = fetch(self._text, params)
        if self._converters:
            found = map(tuple, self._compiler.apply_converters(found, self._converters))
        return self._way(found)

    def _tuples(self, found: Any) -> list[Any]:
        return list(found)

    def _models(self, found: Any) -> list[Any]:
        model, names, start, end = self._shape
        made = []
        for row in found:
            one = model.from_db(connection.alias, names, row[start:end])
            for populator in self._related:
                populator.populate(row, one)
            for name, place in self._compiler.annotation_col_map.items():
                setattr(one, name, row[place])
            made.append(one)
        return made


def _shape(klass: dict[str, Any], select: Sequence[Any]) -> tuple[Any, list[str], int, int]:
    """Return the model, its columns' attributes, and where they stand in a row."""
    places = klass["select_fields"]
    start, end = places[0], places[-1] + 1
    return klass["model"], [column[0].target.attname for column in select[start:end]], start, end


def fetch(text: str, values: Sequence[Any]) -> list[Row]:
    """Run a statement whose plan the server keeps, and return its rows.

    Django's wrappers and its log of queries see it.
    """
    make: Any = (
        connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    )
    with raw_connection() as raw, make(cursor_of(raw)) as cursor:
        cursor.execute(text, values)
        rows: list[Row] = cursor.fetchall()
        return rows
