"""The logs name the request also where Django logs after the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from structlog.contextvars import merge_contextvars

from config.logs import add_request_id
from tests.client import Api


class Listener(logging.Handler):
    """What the lines would name."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[object] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = merge_contextvars(None, "", add_request_id(None, "", {}))
        self.ids.append(said.get("request_id"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    handler = Listener()
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_line_about_what_is_not_there_names_its_request(db: None, listener: Listener) -> None:
    api = Api({"X-Request-Id": "mine"}, base="")

    answers = [api.get("/nowhere").status_code, Api(base="").get("/nowhere").status_code]

    assert answers == [404, 404]
    assert listener.ids[0] == "mine"
    assert len(set(listener.ids)) == 2
    assert None not in listener.ids
