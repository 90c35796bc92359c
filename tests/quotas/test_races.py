"""With a limit of N exactly N are granted: of threads and of processes, with whole amounts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from quotas import standing
from quotas.models import NO_ACCOUNT, QuotaUse, UserEvent, UserTally
from quotas.rates import Rate, spend, used_of
from quotas.takings import Taking
from tests.quotas.processes import in_processes
from tests.quotas.scene import NOON, team

WORKERS = 16
CALLS = 400


def rate_of(account_id: UUID, limit: int) -> Rate:
    return Rate(
        subject=str(account_id), service_name="a", feature_key="b", window="day", limit=limit
    )


def spend_some(amounts: list[int], account_id: UUID, limit: int) -> int:
    """Ask for each amount in turn; return what was granted."""
    rate = rate_of(account_id, limit)
    outcomes = [
        (amount, spend(rate, amount, dry=False, is_frozen=True, now=NOON)) for amount in amounts
    ]
    return sum(amount for amount, outcome in outcomes if outcome.is_granted)


def take_some(amounts: list[int], account_id: UUID, user_id: UUID | None = None) -> Counter[str]:
    """Take or give back each amount in turn; return what was granted, and what was given."""
    sums: Counter[str] = Counter()
    for amount in amounts:
        taken = standing.take(Taking(account_id, ("a", "b"), amount, False, user_id, NOON))
        if taken.outcome == "taken":
            sums["taken" if amount > 0 else "given"] += abs(amount)
        assert taken.held is not None
        assert 0 <= taken.held <= 1_000
    return sums


def in_thread(work: Callable[..., Any], amounts: list[int]) -> Any:
    try:
        return work(amounts)
    finally:
        connection.close()


def threads(work: Callable[..., Any], jobs: list[list[int]]) -> list[Any]:
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return list(pool.map(partial(in_thread, work), jobs))


def processes(work: Any, jobs: list[list[int]]) -> list[Any]:
    named = f"{__name__}.{work.func.__name__}", dict(work.keywords)
    return in_processes(str(connection.settings_dict["NAME"]), named, jobs)


RUN = pytest.mark.parametrize("run", [threads, pytest.param(processes, marks=pytest.mark.slow)])
pytestmark = pytest.mark.django_db(transaction=True)


def ones() -> list[list[int]]:
    return [[1] * (CALLS // WORKERS) for _ in range(WORKERS)]


def mixed(low: int, high: int) -> list[list[int]]:
    chance = random.Random(7)
    choices = [amount for amount in range(low, high + 1) if amount]
    return [[chance.choice(choices) for _ in range(CALLS // WORKERS)] for _ in range(WORKERS)]


@RUN
def test_of_many_calls_a_rate_grants_as_many_as_its_limit(run: Callable[..., list[int]]) -> None:
    acme = team(("a", "b", 137, "day"))

    granted = run(partial(spend_some, account_id=acme.account.pk, limit=137), ones())

    assert sum(granted) == 137
    assert used_of([rate_of(acme.account.pk, 137)], now=NOON) == [137]


@RUN
def test_a_rate_grants_whole_amounts_and_no_more_than_fits(run: Callable[..., list[int]]) -> None:
    acme = team(("a", "b", 500, "day"))

    granted = run(partial(spend_some, account_id=acme.account.pk, limit=500), mixed(2, 9))

    assert 492 <= sum(granted) <= 500
    assert used_of([rate_of(acme.account.pk, 500)], now=NOON) == [sum(granted)]


@RUN
def test_of_many_calls_a_quota_grants_as_many_as_its_limit(
    run: Callable[..., list[Counter[str]]],
) -> None:
    acme = team(("a", "b", 137, ""))

    granted = run(partial(take_some, account_id=acme.account.pk), ones())

    assert sum(one["taken"] for one in granted) == 137
    assert QuotaUse.objects.get().used == 137


@RUN
def test_a_quota_is_exact_while_it_is_given_back(run: Callable[..., list[Counter[str]]]) -> None:
    acme = team(("a", "b", 1_000, ""))
    standing.take(Taking(acme.account.pk, ("a", "b"), 900, False, None, NOON))

    sums = run(partial(take_some, account_id=acme.account.pk), mixed(-2, 9))

    taken, given = (sum(one[kind] for one in sums) for kind in ("taken", "given"))
    # It starts so full that no give-back could end below nothing: each counts whole.
    assert QuotaUse.objects.get().used == 900 + taken - given


def test_the_events_of_one_user_are_numbered_without_a_gap() -> None:
    acme = team(("a", "b", -1, ""))
    user = UUID(int=acme.account.pk.int ^ 1)

    threads(
        partial(take_unlimited, account_id=acme.account.pk, user_id=user),
        [[1] * 20 for _ in range(WORKERS)],
    )

    total = UserTally.objects.get(user_id=user).total
    numbers = set(UserEvent.objects.filter(user_id=user).values_list("number", flat=True))
    assert total == 20 * WORKERS
    assert numbers == set(range(total - 99, total + 1))
    assert not UserEvent.objects.filter(account_id=NO_ACCOUNT).exists()


def take_unlimited(amounts: list[int], account_id: UUID, user_id: UUID) -> None:
    for amount in amounts:
        standing.take(Taking(account_id, ("a", "b"), amount, False, user_id, NOON))
