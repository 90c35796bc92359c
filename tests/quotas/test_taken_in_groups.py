"""What a group takes together is what each would have got alone, one after the other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from billing.kernel.joint import Waiting
from quotas import standing, takings
from quotas.models import QuotaUse, UserEvent, UserTally
from quotas.takings import Taken, Taking
from tests.quotas.scene import NOON, Team, team
from tests.services.threads import at_once

PEOPLE = (None, UUID(int=1), UUID(int=2))
# Names as nobody should choose them: what an array in PostgreSQL's text has to quote.
ODD = ('a,"b"', "c\\d {é}")
LIMITS = (
    ("s", "few", 5, ""),
    ("s", "none", 0, ""),
    ("s", "endless", -1, ""),
    ("s", "rate", 3, "month"),
    (*ODD, 4, ""),
)
NAMES = (*((service, feature) for service, feature, _, _ in LIMITS), ("s", "unknown"))
TAKINGS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(NAMES),
        st.sampled_from([1, 1, 1, 2, 3, 6, -1, -4, 10**15]),
        st.booleans() | st.just(value=False),
        st.sampled_from(PEOPLE),
    ),
    min_size=2,
    max_size=12,
)


@pytest.fixture
def teams() -> Sequence[Team]:
    return [team(*LIMITS, at=NOON), team(*LIMITS, at=NOON), team(*LIMITS, subscribed=False)]


def group_of(wanted: Sequence[Taking]) -> list[Waiting]:
    return [Waiting(one) for one in wanted]


def alone(one: Taking) -> Taken:
    ((outcome, cap, held, span),) = standing.TAKE.rows(*one.texts())
    return Taken(
        outcome or "", None if cap is None else int(cap), None if held is None else int(held), span
    )


def state() -> Any:
    return (
        set(QuotaUse.objects.values_list("account_id", "service_name", "feature_key", "used")),
        set(UserTally.objects.values_list("account_id", "user_id", "kind", "total")),
        sorted(UserEvent.objects.values_list("user_id", "account_id", "amount")),
    )


def forget() -> None:
    for model in (QuotaUse, UserTally, UserEvent):
        model.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_group_gets_what_each_would_have_got_alone(teams: Sequence[Team]) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(before=TAKINGS, drawn=TAKINGS)
    def taken(before: list[Any], drawn: list[Any]) -> None:
        first, wanted = (
            [
                Taking(teams[who].account.pk, names, amount, dry, person, NOON)
                for who, names, amount, dry, person in some
            ]
            for some in (before, drawn)
        )
        in_turn = sorted(wanted, key=lambda one: (str(one.account_id), one.names))
        with transaction.atomic():
            for one in first:
                alone(one)
            expected = {id(one): alone(one) for one in in_turn}
            right = state()
            forget()
        for one in first:
            alone(one)
        group = group_of(wanted)

        standing.take_all(group)

        assert [waiting.error for waiting in group] == [None] * len(group)
        assert [waiting.outcome for waiting in group] == [expected[id(one)] for one in wanted]
        assert state() == right
        forget()

    taken()


@pytest.mark.django_db(transaction=True)
def test_groups_do_not_meet_head_on(teams: Sequence[Team]) -> None:
    """Each group has nearly the same rows in an order of its own; none waits for one that waits."""
    names = [(service, feature) for service, feature in NAMES if feature in {"endless", "few"}]
    rows = [(acme.account.pk, name) for acme in teams[:2] for name in names]
    for account, name in rows:
        alone(Taking(account, name, 1, dry=False, user_id=None, now=NOON))

    def take(seed: int) -> None:
        shuffled = random.Random(seed)
        for _ in range(40):
            wanted = [
                Taking(account, name, 1, dry=False, user_id=shuffled.choice(PEOPLE), now=NOON)
                for account, name in shuffled.sample(rows, len(rows))
            ]
            group = group_of(wanted)
            standing.take_all(group)
            assert [waiting.error for waiting in group] == [None] * len(rows)

    with capture_logs() as logs:
        said = at_once([partial(take, seed) for seed in range(4)])

    assert said == ["done"] * 4
    assert logs == []
    used = dict(QuotaUse.objects.values_list("feature_key", "used"))
    assert used == {"endless": 161, "few": 5}


def test_what_is_plain_is_one_row_each_in_the_order_of_their_keys() -> None:
    low, high = UUID(int=1), UUID(int=2)

    def taking(account: UUID, amount: int, *, dry: bool = False) -> Taking:
        return Taking(account, ODD, amount, dry, None, NOON)

    group = group_of([taking(high, 1), taking(low, 2), taking(high, 3)])
    plain, others = takings.parted(group)

    assert [[one.wanted.amount for one in row] for _key, row in plain] == [[2], [1, 3]]
    assert others == []
    owners, services, features, sums, moments, notes = takings.texts_of(plain)
    assert owners == f"{{{low},{high}}}"
    assert services == r'{"a,\"b\"","a,\"b\""}'
    assert features == r'{"c\\d {é}","c\\d {é}"}'
    assert sums == "{2,4}"
    assert moments == f'{{"{NOON}","{NOON}"}}'
    assert notes is None

    group += group_of([taking(high, 1, dry=True)])
    plain, others = takings.parted(group)
    assert [[one.wanted.amount for one in row] for _key, row in plain] == [[2]]
    assert [one.wanted.amount for one in others] == [1, 3, 1]
