"""The guide to webhooks: its code verifies what we sign, its list of types is ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from billing.kernel import clock
from billing.outbox.kinds import EventKind
from tests.docs.pages import BLOCK, ROOT
from webhooks.signing import headers_for, new_secret

PAGE = (ROOT / "docs" / "guide" / "webhooks.md").read_text(encoding="utf-8")
CODE = {kind: code for kind, code in BLOCK.findall(PAGE) if kind in {"python", "javascript"}}
BODY = '{"id":"1","type":"invoice.paid","data":{"name":"Söhne"}}'


def in_python(headers: dict[str, str], body: str, secret: str) -> bool:
    known: dict[str, Any] = {}
    exec(CODE["python"], known)
    return bool(known["is_ours"](headers, body.encode(), secret))


def in_javascript(headers: dict[str, str], body: str, secret: str) -> bool:
    arguments = ", ".join(json.dumps(value) for value in (headers, body, secret))
    script = f"{CODE['javascript']}\nconsole.log(isOurs({arguments}))"
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip() == "true"


NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")


@pytest.mark.parametrize(
    "verify", [in_python, pytest.param(in_javascript, marks=NODE)], ids=["python", "node"]
)
def test_the_pages_code_takes_our_messages_and_no_others(verify: Any) -> None:
    now, new, old = clock.now(), new_secret(), new_secret()
    headers = headers_for([new, old], message_id="1", body=BODY.encode(), now=now)
    stale = headers_for([new], message_id="1", body=BODY.encode(), now=now.replace(year=2020))

    assert verify(headers, BODY, new)
    assert verify(headers, BODY, old)
    assert not verify(headers, BODY, new_secret())
    assert not verify(headers, BODY + " ", new)
    assert not verify({**headers, "webhook-id": "2"}, BODY, new)
    assert not verify(stale, BODY, new)


def test_the_page_lists_every_type_of_event() -> None:
    table = PAGE.split("## Event types")[1]

    assert set(re.findall(r"`([a-z_.]+)`", table)) == set(EventKind.values)
