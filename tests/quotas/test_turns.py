"""GET /limits from many at once: they are read one at a time, in the order in which they came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from billing.kernel.turns import Turns
from quotas.api.portal import limits
from tests.client import json_of
from tests.lines import PATIENCE, until_waiting
from tests.quotas.scene import Team, team


def name_of(acme: Team, answered: list[int], number: int) -> str:
    try:
        name = json_of(acme.get("/limits"))["tierName"]
        answered.append(number)
    finally:
        connection.close()
    return str(name)


@pytest.mark.django_db(transaction=True)
def test_limits_are_read_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    acme = team()
    answered: list[int] = []
    turns = Turns(seconds=PATIENCE)
    monkeypatch.setattr(limits, "READING", turns)

    with ThreadPoolExecutor(4) as pool:
        with turns.turn():
            asked = []
            for number in range(4):
                asked.append(pool.submit(name_of, acme, answered, number))
                until_waiting(turns._line, number + 2)
            before = list(answered)
        names = [one.result(PATIENCE) for one in asked]

    assert before == []
    assert names == ["Pro"] * 4
    assert not turns._line
