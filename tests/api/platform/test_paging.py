"""Pages of every list: bounds, order, and parameters that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform.endpoints import LISTS
from tests.client import Api, fields_of, json_of

pytestmark = pytest.mark.django_db
every = pytest.mark.parametrize("path", LISTS)

BAD = {
    "page=-1": "page",
    "page=1.5": "page",
    "page=": "page",
    "page=x": "page",
    "page=1_0": "page",
    "page=%2B1": "page",
    "page=+1": "page",
    "page=١": "page",
    "page=1e3": "page",
    "page=9999999999999999999999": "page",
    "page=1&page=2": "page",
    "size=0": "size",
    "size=101": "size",
    "size=-5": "size",
    "size=true": "size",
    "direction=up": "direction",
    "direction=DESC": "direction",
    "sort=nothing": "sort",
    "sort=": "sort",
    "sort=id;drop": "sort",
    "limit=5": "limit",
    "Page=0": "Page",
    "%00=1": "\x00",
}


@every
def test_a_wrong_parameter_is_named(admin: Api, scene: dict[str, str], path: str) -> None:
    wrong = {}
    for query, name in BAD.items():
        fields = fields_of(admin.get(f"{path.format(**scene)}?{query}"))
        if fields != [name]:
            wrong[query] = fields

    assert wrong == {}


@every
@pytest.mark.parametrize("page", [1, 10**9, 10**12])
def test_a_page_past_the_end_is_empty(
    admin: Api, scene: dict[str, str], path: str, page: int
) -> None:
    body = json_of(admin.get(f"{path.format(**scene)}?page={page}&size=100"))

    assert body["data"] == []
    assert body["pagination"]["page"] == page
    assert body["pagination"]["hasNext"] is False


@every
def test_a_parameter_given_twice_alike_is_given_once(
    admin: Api, scene: dict[str, str], path: str
) -> None:
    assert json_of(admin.get(f"{path.format(**scene)}?size=5&size=5"))["pagination"]["size"] == 5


def test_of_equal_keys_no_row_is_lost_or_seen_twice(admin: Api) -> None:
    for _ in range(7):
        admin.post("/tenants", {"name": "Same"})

    for direction in ("asc", "desc"):
        pages: list[Any] = []
        for page in range(4):
            query = f"?sort=name&direction={direction}&size=2&page={page}"
            pages += json_of(admin.get(f"/tenants{query}"))["data"]

        assert len({row["id"] for row in pages}) == len(pages) == 7
