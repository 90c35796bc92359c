"""Work done together: one thread does what many want, and each gets its own outcome."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing.kernel import joint
from billing.kernel.errors import ServiceUnavailable
from billing.kernel.joint import Joint, Waiting
from tests.lines import until_waiting


class Doubling(Joint):
    """Doubles numbers. The first group is held until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_busy, self.may_go_on = threading.Event(), threading.Event()
        self.groups: list[list[int]] = []
        self.prepared: list[int] = []

    def prepare(self, waiting: Waiting, known: dict[Any, Any]) -> None:
        self.prepared.append(waiting.wanted)
        known["first"] = known.get("first", waiting.wanted)
        waiting.outcome = (known["first"],)

    def work(self, group: list[Waiting]) -> None:
        self.groups.append([waiting.wanted for waiting in group])
        if len(self.groups) == 1:
            self.is_busy.set()
            self.may_go_on.wait(10)
        for waiting in group:
            if waiting.wanted < 0:
                waiting.error = ValueError(waiting.wanted)
            else:
                waiting.outcome = (*waiting.outcome, waiting.wanted * 2)


def ask(work: Joint, wanted: int) -> Any:
    try:
        return work.wait_for(Waiting(wanted))
    except Exception as error:  # noqa: BLE001 — it is what the test looks at
        return type(error)


def all_of(work: Doubling, wanted: list[int]) -> list[Any]:
    """Ask for the first, and for the others while it is at work."""
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        first = pool.submit(ask, work, wanted[0])
        assert work.is_busy.wait(10)
        others = [pool.submit(ask, work, one) for one in wanted[1:]]
        until_waiting(work._queue, len(others))
        work.may_go_on.set()
        return [each.result(10) for each in (first, *others)]


def test_those_who_come_meanwhile_are_one_group() -> None:
    work = Doubling()

    outcomes = all_of(work, [1, 2, 3, 4])

    first = work.groups[1][0]
    assert outcomes == [(1, 2), (first, 4), (first, 6), (first, 8)]
    assert (work.groups[0], sorted(work.groups[1])) == ([1], [2, 3, 4])
    assert work.prepared == [one for group in work.groups for one in group]


def test_one_error_is_not_the_others() -> None:
    outcomes = all_of(Doubling(), [1, -2, 3])

    assert outcomes[1] is ValueError
    assert (outcomes[0][1], outcomes[2][1]) == (2, 6)


def test_who_comes_to_a_full_queue_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "LIMIT_WAITING", 2)

    outcomes = all_of(Doubling(), [1, 2, 3])
    assert [one[1] for one in outcomes] == [2, 4, 6]

    monkeypatch.setattr(joint, "LIMIT_WAITING", 0)
    assert ask(Doubling(), 1) is ServiceUnavailable


def test_no_group_is_larger_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "LIMIT_TOGETHER", 2)
    work = Doubling()

    outcomes = all_of(work, [1, 2, 3, 4, 5])

    assert [one[1] for one in outcomes] == [2, 4, 6, 8, 10]
    assert [len(group) for group in work.groups] == [1, 2, 2]


def test_a_leader_that_breaks_tells_its_group_and_hands_the_lead_on() -> None:
    class Broken(Doubling):
        def work(self, group: list[Waiting]) -> None:
            super().work(group)
            if len(self.groups) == 1:
                raise KeyError

    work = Broken()

    outcomes = all_of(work, [1, 2, 3])

    assert outcomes[0] is KeyError
    assert [one[1] for one in outcomes[1:]] == [4, 6]
