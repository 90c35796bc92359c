"""The back office speaks the languages of the catalogues, all of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.test import Client

from tests.admin.world import World

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    *ROOT.glob("*/admin/*.py"),
    *ROOT.glob("*/admin*.py"),
    *ROOT.glob("*/apps.py"),
    *(ROOT / "config" / "back_office").glob("*.py"),
]
PAGES = [*(ROOT / "templates" / "admin").rglob("*.html")]
ASKS = {"_", "gettext", "ngettext", "gettext_lazy"}


def asked_in_modules() -> Iterator[str]:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ASKS:
                first = node.args[0]
                assert isinstance(first, ast.Constant), ast.unparse(node)
                yield str(first.value)


def asked_in_pages() -> Iterator[str]:
    for page in PAGES:
        text = page.read_text()
        yield from re.findall(r"{% translate \"([^\"]+)\"", text)
        for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text):
            yield re.sub(r"{{ (\w+) }}", r"%(\1)s", block)


def test_every_text_of_the_back_office_is_translated() -> None:
    asked = {*asked_in_modules(), *asked_in_pages()}

    catalogue = polib.pofile(str(ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"))

    assert len(asked) > 200
    assert sorted(asked - {entry.msgid for entry in catalogue}) == []


def test_a_german_browser_gets_a_german_page(staff: Client, world: World) -> None:
    page = staff.get("/admin/", headers={"Accept-Language": "de"}).content.decode()

    assert "Übersicht" in page
    assert "Laufende Abonnements" in page
    assert "55,00\N{NO-BREAK SPACE}USD" in page
