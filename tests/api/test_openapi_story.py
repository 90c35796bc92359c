"""The examples and the document that are committed are what the system says today."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings

from tests.api.document import SNAPSHOT, generate
from tests.api.story.recorder import BEGINNING, Counted, Story, as_text, write
from tests.api.story.told import tell

REMAKE = "REMAKE=1 bin/test tests/api/test_openapi_story.py"
FOLDER = Path(settings.API_EXAMPLES)


@pytest.fixture
def story(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    ids = Counted()
    monkeypatch.setattr("billing.kernel.ids.urandom", ids)
    with time_machine.travel(BEGINNING, tick=False) as time:
        yield Story(ids, time)


def test_the_committed_examples_and_document_are_what_the_system_says(story: Story) -> None:
    tell(story)

    if os.environ.get("REMAKE"):
        write(story.kept, FOLDER)
        SNAPSHOT.write_text(as_text(generate()), "utf-8")
    told = {name: as_text(exchanges) for name, exchanges in story.kept.items()}
    committed: dict[str, Any] = {
        file.stem: file.read_text("utf-8") for file in FOLDER.glob("*.json")
    }
    assert told == committed, f"The API answers otherwise than docs/examples say. Run: {REMAKE}"
    assert as_text(generate()) == SNAPSHOT.read_text("utf-8"), (
        f"docs/openapi.json is not the document of this code. Run: {REMAKE}"
    )
