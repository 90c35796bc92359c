"""Turns: one at a time, first come first served, and nobody stands in the way for ever."""

from __future__ import annotations

import threading
import time

import pytest

from billing.kernel.turns import Turns
from tests.lines import PATIENCE, until_waiting


class Visits:
    """Threads that take a turn each: in which order, and how many were there at once."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[int] = []
        self.here = 0
        self.most = 0
        self._threads: list[threading.Thread] = []

    def send(self, number: int) -> None:
        thread = threading.Thread(target=self._visit, args=(number,))
        thread.start()
        self._threads.append(thread)

    def _visit(self, number: int) -> None:
        with self.turns.turn():
            self.order.append(number)
            self.here += 1
            self.most = max(self.most, self.here)
            time.sleep(0.002)
            self.here -= 1

    def end(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_one_at_a_time_in_the_order_in_which_they_came() -> None:
    visits = Visits(Turns(seconds=PATIENCE))

    with visits.turns.turn():
        for number in range(12):
            visits.send(number)
            until_waiting(visits.turns._line, number + 2)
        before = list(visits.order)
    visits.end()

    assert before == []
    assert (visits.order, visits.most) == (list(range(12)), 1)


def test_who_fails_makes_room_for_the_next() -> None:
    visits = Visits(Turns(seconds=PATIENCE))

    with pytest.raises(ZeroDivisionError):
        fail_before_the_next(visits)
    visits.end()

    assert visits.order == [1]


def fail_before_the_next(visits: Visits) -> None:
    with visits.turns.turn():
        visits.send(1)
        until_waiting(visits.turns._line, 2)
        raise ZeroDivisionError


def test_who_has_waited_long_enough_goes_as_well_and_the_order_holds() -> None:
    visits = Visits(Turns(seconds=0.02))

    with visits.turns.turn():
        visits.send(1)
        visits.end()
        before = list(visits.order)
    visits.send(2)
    visits.end()

    assert (before, visits.order) == ([1], [1, 2])
