"""The pages that show commands are run, word for word, against a live system."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from tests.docs.pages import ROOT, Step, comparable, masked, steps_of, told

SHOWN_ADDRESS = "http://127.0.0.1:8087"
END = "\n--end-of-step--\n"
GUIDE = ROOT / "docs" / "guide"
PAGES = {
    "tutorial": GUIDE / "tutorial.md",
    "teams": GUIDE / "teams-tiers-limits.md",
    "costs": GUIDE / "costs.md",
    "quotas": GUIDE / "quotas.md",
    "readme": ROOT / "README.md",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `bin/manage`, as a reader has it after `bin/up`."""
    manage = tmp_path / "bin" / "manage"
    manage.parent.mkdir()
    manage.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/manage.py" "$@"\n')
    manage.chmod(manage.stat().st_mode | stat.S_IXUSR)
    return tmp_path


@pytest.fixture
def _worker_inline() -> Iterator[None]:
    """Let what is enqueued run at once: no worker stands beside a test."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def run(steps: list[Step], *, url: str, folder: Path) -> list[str]:
    """Run all steps in one shell and return what each printed."""
    script = "set -euo pipefail\n" + "".join(
        f"{step.script}\nprintf '%s' '{END}'\n" for step in steps
    )
    done = subprocess.run(
        ["bash", "-c", script.replace(SHOWN_ADDRESS, url)],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*", "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.split(END)[:-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_worker_inline")
def test_a_page_does_what_it_shows(name: str, live_server: Any, folder: Path) -> None:
    steps = list(steps_of(PAGES[name]))

    printed = run(steps, url=live_server.url, folder=folder)

    pairs = [
        (comparable(step.kind, text), comparable(step.kind, step.printed))
        for step, text in zip(steps, printed, strict=True)
        if step.kind
    ]
    assert [told(seen, shown) for seen, shown in pairs] == [shown for _, shown in pairs]
    assert len(pairs) > 1


def test_what_a_page_leaves_out_is_not_compared_and_the_rest_is() -> None:
    seen = {"id": "1", "lines": [{"a": 1, "b": 2}], "total": "3"}

    assert told(seen, {"lines": [{"a": 1, "…": "…"}], "…": "…"}) == {
        "lines": [{"a": 1, "…": "…"}],
        "…": "…",
    }
    assert told(seen, {"lines": []}) == seen


def test_ids_times_and_years_differ_from_run_to_run() -> None:
    text = "0198f2c4-7d3a-7c1e-9b5a-2f6d8e1c4b7a 2026-08-29T12:00:00.5Z 2026-08-29 INV-2026-000001"

    assert masked(text) == "<id> <time> <date> INV-<year>-000001"
