"""All writers insert ids in one order, and in one that leaves the pages of the key well filled."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from billing.metering.parts import in_writing_order

IDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), unique=True)
PAGES = "SELECT pg_relation_size('some_events_pkey') / 8192"


@given(IDS, IDS)
def test_two_writers_meet_in_one_order(one: list[str], other: list[str]) -> None:
    """Who holds an id that the other waits for never waits for one that the other holds."""
    shared = set(one) & set(other)

    mine = [each for each in in_writing_order(one) if each in shared]
    theirs = [each for each in in_writing_order(other) if each in shared]

    assert mine == theirs
    assert sorted(in_writing_order(one)) == sorted(one)


def pages_after(order: Callable[[list[str]], list[str]], of_batch: Callable[[], list[str]]) -> int:
    """Return the pages of a key of two accounts after twenty batches, in pages of 8 KiB."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS some_events")
        cursor.execute(
            "CREATE TEMPORARY TABLE some_events "
            "(account_id uuid, event_id text, PRIMARY KEY (account_id, event_id))"
        )
        for number in range(20):
            with cursor.copy("COPY some_events FROM STDIN") as copy:
                for event_id in order(of_batch()):
                    copy.write_row([UUID(int=number % 2), event_id])
        cursor.execute(PAGES)
        return int(cursor.fetchone()[0])


def counted() -> list[str]:
    """Return ids of one origin: a prefix and a number."""
    prefix = uuid4().hex
    return [f"{prefix}-{number:06}" for number in range(2_000)]


def random() -> list[str]:
    return [str(uuid4()) for _ in range(2_000)]


@pytest.mark.django_db
def test_ids_that_follow_each_other_fill_their_pages() -> None:
    assert pages_after(in_writing_order, counted) < 0.75 * pages_after(sorted, counted)


@pytest.mark.django_db
def test_random_ids_take_no_more_than_in_the_order_of_the_key() -> None:
    assert pages_after(in_writing_order, random) < 1.1 * pages_after(sorted, random)
