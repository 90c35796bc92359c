"""Lists: a total order, an honest total, pages of 1 to 100. Each surface counts its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.db import models
from rest_framework import serializers
from rest_framework.response import Response

from billing.http.fields import OneOfField, WholeField
from billing.http.serializers import Input

PAGE_LIMIT: Final = 10**12


class PageQuery(Input):
    """The parameters of every list of surface B. `sort` is one of the list's own words."""

    page = WholeField(least=0, most=PAGE_LIMIT, default=0)
    size = WholeField(least=1, most=100, default=20)
    direction = OneOfField(choices=["asc", "desc"], default="desc")


class Pagination(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    size = serializers.IntegerField()
    totalElements = serializers.IntegerField()  # noqa: N815
    totalPages = serializers.IntegerField()  # noqa: N815
    hasNext = serializers.BooleanField()  # noqa: N815


def page_query(sorts: Mapping[str, str], **filters: Any) -> type[Input]:
    """Make the query serializer of a list: what it sorts by (first: the default), its filters."""
    words = list(sorts)
    fields = {"sort": OneOfField(choices=words, default=words[0]), **filters}
    return type("PageQuery", (PageQuery,), fields)


def page_of(
    rows: models.QuerySet[Any],
    query: Mapping[str, Any],
    sorts: Mapping[str, str],
    show: Callable[[Any], Any],
) -> Response:
    """Answer one page. Ties are broken by id, so that no row is lost or seen twice."""
    sign = "-" if query["direction"] == "desc" else ""
    ordered = rows.order_by(sign + sorts[query["sort"]], f"{sign}pk")
    total = rows.count()
    page, size = query["page"], query["size"]
    first = page * size
    items = list(ordered[first : first + size]) if first < total else []
    pages = -(-total // size)
    return Response(
        {
            "data": [show(item) for item in items],
            "pagination": {
                "page": page,
                "size": size,
                "totalElements": total,
                "totalPages": pages,
                "hasNext": page + 1 < pages,
            },
        }
    )


def listing(item: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Make the serializer of a list's answer, for the API document."""
    return type(
        item.__name__.removesuffix("Serializer") + "List",
        (serializers.Serializer,),
        {"data": item(many=True), "pagination": Pagination()},
    )


class PortalPageQuery(Input):
    """The parameters of every list of surface A: pages count from 1."""

    page = WholeField(least=1, most=PAGE_LIMIT, default=1)
    limit = WholeField(least=1, most=100, default=10)


def portal_page_of(
    rows: models.QuerySet[Any],
    query: Mapping[str, Any],
    name: str,
    show: Callable[[Any], Any],
    complete: Callable[[list[Any]], Iterable[Any]] = iter,
) -> Response:
    """Answer one page of surface A, its things under `name`. `rows` come in a total order.

    `complete` turns a page's rows into what is shown, all at once: what it adds is looked up for
    them alone, not for the rows that come before.
    """
    total = rows.count()
    limit = query["limit"]
    first = (query["page"] - 1) * limit
    items = list(rows[first : first + limit]) if first < total else []
    shown = [show(item) for item in complete(items)]
    return Response({name: shown, "items": total, "pages": -(-total // limit)})
