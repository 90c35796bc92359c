"""Catalogues are complete and compiled: no gettext is needed where the system runs."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
COMPILE = "python -c \"import polib; polib.pofile('{0}.po').save_as_mofile('{0}.mo')\""


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_text_is_translated(path: Path) -> None:
    catalogue = polib.pofile(str(path))

    missing = [entry.msgid for entry in catalogue.untranslated_entries()]
    doubtful = [entry.msgid for entry in catalogue.fuzzy_entries()]
    assert (missing, doubtful) == ([], [])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_made_of_the_written_one(path: Path) -> None:
    compiled = path.with_suffix(".mo")

    assert compiled.read_bytes() == polib.pofile(str(path)).to_binary(), COMPILE.format(
        path.with_suffix("")
    )


def test_every_text_of_the_invoice_is_in_the_catalogues() -> None:
    """A text that is asked for at run time and not found would come out in English."""
    asked = {
        match
        for page in sorted((ROOT / "templates" / "invoicing").glob("*.html"))
        for match in re.findall(r"{% translate \"([^\"]+)\" %}", page.read_text())
    } | {
        match
        for module in sorted((ROOT / "invoicing" / "pdf").glob("*.py"))
        for match in re.findall(r"(?:\b_|gettext|gettext_noop)\(\"([^\"]+)\"\)", module.read_text())
    }

    missing = {
        path.parts[-3]: sorted(asked - {entry.msgid for entry in polib.pofile(str(path))})
        for path in CATALOGUES
    }
    assert len(asked) > 30
    assert missing == {"de": []}
