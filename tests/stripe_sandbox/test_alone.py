"""The sandbox as a process of its own, as `bin/up --stripe-sandbox` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[dict[str, str]]:
    """Give the settings that it prints."""
    command = [sys.executable, "-m", "tests.stripe_sandbox", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(3)]
            yield dict(line.split("=", 1) for line in lines)
        finally:
            process.terminate()
            process.wait(20)


def ask(settings: dict[str, str], path: str, body: str | None = None) -> Any:
    request = urllib.request.Request(
        settings["STRIPE_API_HOST"] + path,
        None if body is None else body.encode(),
        {"Authorization": f"Bearer {settings['STRIPE_SECRET_KEY']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def test_what_it_holds_is_there_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with running("--state", state) as settings:
        made = ask(settings, "/v1/customers", "name=A")

    with running("--state", state) as settings:
        found = ask(settings, f"/v1/customers/{made['id']}")

    assert found["name"] == "A"


def test_it_takes_the_key_and_secret_that_are_given() -> None:
    key = "sk_test_" + "d" * 24

    with running("--key", key, "--webhook-secret", "whsec_1") as settings:
        rows = ask(settings, "/v1/customers")

    assert rows["data"] == []
    assert (settings["STRIPE_SECRET_KEY"], settings["STRIPE_WEBHOOK_SECRET"]) == (key, "whsec_1")
