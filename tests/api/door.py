"""Requests of a hot path that come while others are held: so they are answered together."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from billing.http.hot_path import HotPathApplication
from billing.kernel import context
from tests.client import token
from tests.lines import until_waiting

Said = tuple[int, dict[str, str], dict[str, Any]]
Work = Callable[[Any], None]


def ask(
    application: HotPathApplication, path: str, body: bytes, **environ: Any
) -> tuple[int, dict[str, str], bytes]:
    """POST as a server would; return the status, the headers in small letters, and the body."""
    said: list[Any] = []
    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {token('service')}",
        "wsgi.input": BytesIO(body),
        **environ,
    }
    content = b"".join(application(given, lambda *line: said.extend(line)))
    return int(said[0][:3]), {name.lower(): value for name, value in said[1]}, content


class Door:
    """The application, whose first group is held at its work until all others wait."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.application = HotPathApplication(lambda _environ, _start: [b""])
        found = self.application.paths.find("POST", path)
        assert found is not None
        self.front = self.application.fronts[found[0]]
        self.groups: list[int] = []
        self.is_busy, self.may_go_on = threading.Event(), threading.Event()

    def hold(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        """Hold the function of a module that does a group's work, the first time."""
        work: Work = vars(module)[name]

        def held(group: Any) -> None:
            self.groups.append(len(group))
            if len(self.groups) == 1:
                self.is_busy.set()
                self.may_go_on.wait(10)
            work(group)

        monkeypatch.setattr(module, name, held)

    def call(self, body: object, **environ: Any) -> Said:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        before = context.actor.get(), context.request_id.get()
        try:
            status, headers, content = ask(self.application, self.path, text, **environ)
            assert (context.actor.get(), context.request_id.get()) == before
        finally:
            connection.close()
        return status, headers, json.loads(content)

    def calls(
        self, held: object, *requests: dict[str, Any], waiting: int | None = None
    ) -> list[Said]:
        """Send one that is held, and these while it is; return the answers to these.

        `waiting` of these wait in line; all, where it is not said.
        """
        wanted = len(requests) if waiting is None else waiting
        with ThreadPoolExecutor(max_workers=len(requests) + 1) as pool:
            first = pool.submit(self.call, held)
            assert self.is_busy.wait(10)
            others = []
            for number, request in enumerate(requests, 1):  # one after the other, so in order
                others.append(pool.submit(self.call, **request))
                until_waiting(self.front._queue, min(number, wanted))
            self.may_go_on.set()
            assert first.result(10)[0] in {200, 201}
            return [each.result(10) for each in others]
