"""Logs: one JSON object a line, with the request's id, without secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from config.logs import drop_secrets

SAID = """
import logging, structlog
from billing.kernel import context
from config.logs import configure
configure(level="INFO")
log = structlog.get_logger("app")

def charge(card_number, api_secret):
    raise ValueError("declined")

context.request_id.set("r-1")
log.info("signed_in", user="u", password="hunter2", nested={"Authorization": "Bearer hunter2"})
log.debug("too_small_to_say")
try:
    charge("hunter2", "hunter2")
except ValueError:
    log.exception("charge_failed")
    logging.getLogger("library").exception("failed in a library", extra={"api_token": "hunter2"})
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """Log in a process of its own: logging is set up once a process."""
    done = subprocess.run(
        [sys.executable, "-c", SAID], capture_output=True, text=True, check=True, timeout=60
    )
    assert "hunter2" not in done.stderr
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_an_object_with_its_place_in_time(lines: list[dict[str, Any]]) -> None:
    assert [line["event"] for line in lines] == [
        "signed_in",
        "charge_failed",
        "failed in a library",
    ]
    assert [line["logger"] for line in lines] == ["app", "app", "library"]
    assert [line["level"] for line in lines] == ["info", "error", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert {line["request_id"] for line in lines} == {"r-1"}


def test_secrets_are_hidden_and_the_rest_is_not(lines: list[dict[str, Any]]) -> None:
    assert (lines[0]["user"], lines[0]["password"]) == ("u", "[hidden]")
    assert lines[0]["nested"] == {"Authorization": "[hidden]"}
    assert lines[2]["api_token"] == "[hidden]"


def test_a_traceback_says_where_without_the_values_there(lines: list[dict[str, Any]]) -> None:
    [raised] = lines[1]["exception"]

    assert (raised["exc_type"], raised["exc_value"]) == ("ValueError", "declined")
    assert raised["frames"][-1]["name"] == "charge"
    assert not raised["frames"][-1].get("locals")


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "NEW_PASSWORD",
        "api-secret",
        "apiSecret",
        "client_secret",
        "Authorization",
        "HTTP_AUTHORIZATION",
        "access_token",
        "set-cookie",
        "SECRET_KEY",
    ],
)
def test_a_key_that_speaks_of_a_secret_is_blanked_however_deep(key: str) -> None:
    event = {"a": [{"b": {key: "hunter2"}}], key: {"c": "hunter2"}, "kept": ("x", 1)}

    shown = drop_secrets(None, "info", event)

    assert shown == {"a": [{"b": {key: "[hidden]"}}], key: "[hidden]", "kept": ["x", 1]}


def test_what_is_no_secret_stays() -> None:
    event = {"tenant": "t", "amount": "1.00", "path": "/tokens", "exc_info": True}

    assert drop_secrets(None, "info", dict(event)) == event
