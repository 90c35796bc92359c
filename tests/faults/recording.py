"""Records usage in one of the ways that there are, and waits: a process to be killed under.

`python -m tests.faults.recording WAY` writes the account's id once all has been answered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from unittest.mock import patch

import django

django.setup()

from billing.metering import record as recording  # noqa: E402
from billing.metering.durable import make_durable  # noqa: E402
from billing.metering.events import NewEvent  # noqa: E402
from billing.metering.presence import stored_ids  # noqa: E402
from tests import factories  # noqa: E402
from tests.services.metering.conftest import JUNE, Metered, make_metered  # noqa: E402

AT = JUNE + timedelta(days=1)
MANY = 500


def events(metered: Metered, number: int) -> list[NewEvent]:
    meter = metered.meters["SUM"]
    return [factories.usage(meter, AT, event_id=f"e{one}") for one in range(number)]


def one(metered: Metered) -> None:
    """Go the way of single events: the procedure in the database."""
    assert metered.record(*events(metered, 1)) == [True]


def batch(metered: Metered) -> None:
    assert metered.record(*events(metered, MANY)) == [True] * MANY


def repeats(metered: Metered) -> None:
    """Say of events that another process has recorded that they are duplicates."""
    unflushed(metered)

    assert metered.record(*events(metered, MANY)) == [False] * MANY


def looked_up(metered: Metered) -> None:
    """Say of refused events that they are there."""
    unflushed(metered)

    assert len(stored_ids(metered.account.id, [f"e{one}" for one in range(MANY)])) == MANY


def unflushed(metered: Metered) -> None:
    """Record as another process does that has committed and not flushed yet: nobody is told."""
    with patch.object(recording, "make_durable"):
        metered.record(*events(metered, MANY))


WAYS: dict[str, Callable[[Metered], None]] = {
    way.__name__: way for way in (one, batch, repeats, looked_up, unflushed)
}


def main(way: str) -> None:
    factories._numbers = count(os.getpid() * 1000)
    metered = make_metered()
    make_durable()
    WAYS[way](metered)
    sys.stdout.write(f"{metered.account.id}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
