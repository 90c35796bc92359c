"""The document and its two pages: open to all, of our own files, with no request to anyone else."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.api.document import generate

PAGES = ("/api/docs", "/api/redoc")


class Links(HTMLParser):
    """Collects what a page loads or leads to, and the scripts that stand in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script"
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        self.inline += [f"{name}={value}" for name, value in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_our_own_files_only_and_each_is_there(page: str) -> None:
    response = Client().get(page)

    assert response.status_code == 200
    html = response.content.decode()
    links = Links(html)
    assert links.inline == []
    assert "//" not in html.replace("<!--", "")
    assert all(link.startswith(("/static/", "/api/")) for link in links.found), links.found
    static = [link for link in links.found if link.startswith("/static/")]
    assert len(static) >= 4
    for link in static:
        assert finders.find(link.removeprefix("/static/")) is not None, link
    for link in set(links.found) - set(static):
        assert Client().get(link).status_code == 200, link


@pytest.mark.parametrize("page", PAGES)
def test_a_page_forbids_what_is_outside_and_scripts_within(page: str) -> None:
    policy = Client().get(page)["Content-Security-Policy"]

    rules: dict[str, Any] = {
        name: values for name, *values in (rule.split() for rule in policy.split(";"))
    }
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["frame-ancestors"] == ["'none'"]
    outside = {value for values in rules.values() for value in values} - {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "data:",
        "blob:",
    }
    assert outside == set()
    assert rules["style-src"] == ["'self'", "'unsafe-inline'"]


def test_the_script_of_the_first_page_is_ours_and_names_our_document() -> None:
    response = Client().get("/api/docs?script=")

    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/javascript")
    assert b'"/api/schema"' in response.content
    assert b"://" not in response.content


def test_the_document_is_served_as_it_is_made_and_told_apart_by_its_etag() -> None:
    response = Client().get("/api/schema")

    again = Client().get("/api/schema", headers={"If-None-Match": response["ETag"]})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.oai.openapi+json"
    assert response.json() == generate()
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", [*PAGES, "/api/schema"])
def test_another_method_is_refused_in_the_one_shape(path: str) -> None:
    response = Client().post(path, b"{}", content_type="application/json")

    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in response["Allow"]
