"""Any sequence of events, voids, reservations and changes against a model that is plainly right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.kernel.errors import BillingError
from billing.metering.quotas import reservations, services
from billing.metering.quotas.state import states_of
from billing.metering.record import record
from billing.metering.verify import verify
from billing.metering.void import void_event
from billing.models import UsageQuota
from tests import factories
from tests.services.metering.conftest import JUNE, Metered, make_metered

NOW = JUNE + timedelta(days=10, hours=5, minutes=30)
LIMIT = Decimal(10)
EARLIER = [0, 1, 29, 31, 24 * 60, 11 * 24 * 60]
KINDS = ["SUM", "COUNT", "MAX", "LATEST", "UNIQUE"]
FORMATS = {"HOUR": "%Y-%m-%d %H", "DAY": "%Y-%m-%d", "MONTH": "%Y-%m", "NONE": ""}
NUMBERS = count(1)

EVENT = st.tuples(st.just("event"), st.integers(0, 11), st.integers(0, 7), st.sampled_from(EARLIER))
BATCH = st.tuples(st.just("batch"), st.integers(0, 11), st.integers(0, 7), st.sampled_from([3, 70]))
VOID = st.tuples(st.just("void"), st.integers(0, 11), st.just(0), st.just(0))
RESERVE = st.tuples(st.just("reserve"), st.integers(1, 6), st.integers(0, 9), st.integers(0, 2))
CHANGE = st.tuples(st.just("change"), st.integers(1, 14), st.booleans(), st.just(0))
STEPS = st.lists(st.one_of(EVENT, EVENT, EVENT, BATCH, VOID, RESERVE, CHANGE), max_size=14)


@dataclass
class Model:
    """Every event that was taken, in a list; what is used is added up anew each time."""

    kind: str
    period: str
    limit: Decimal = LIMIT
    is_hard: bool = True
    taken: dict[str, tuple[datetime, int, Decimal, str]] = field(default_factory=dict)
    void: set[str] = field(default_factory=set)

    def key(self, at: datetime) -> str:
        if self.period == "BILLING_PERIOD":  # June is one; before it there is none, but May
            return at.strftime("%Y-%m")
        return at.strftime(FORMATS[self.period])

    def used(self, at: datetime, more: Any = None) -> Decimal:
        rows = [
            row
            for event_id, row in self.taken.items()
            if event_id not in self.void and self.key(row[0]) == self.key(at)
        ]
        rows += [more] if more else []
        if not rows:
            return Decimal(0)
        match self.kind:
            case "SUM":
                return sum((row[2] for row in rows), Decimal(0))
            case "COUNT":
                return Decimal(len(rows))
            case "MAX":
                return max(row[2] for row in rows)
            case "LATEST":
                return max(rows)[2]
        return Decimal(len({row[3] for row in rows}))

    def send(self, event_id: str, at: datetime, quantity: Decimal, user: str) -> str:
        if event_id in self.taken:
            return "duplicate"
        row = (at, next(NUMBERS), quantity, user)
        before, after = self.used(at), self.used(at, row)
        if self.is_hard and after > before and after > self.limit:
            return "refused"
        self.taken[event_id] = row
        return "recorded"


def send(metered: Metered, kind: str, sent: list[tuple[str, datetime, Decimal, str]]) -> list[str]:
    events = [
        factories.usage(metered.meters[kind], at, str(quantity), event_id=event_id, user_id=user)
        for event_id, at, quantity, user in sent
    ]
    batch = factories.batch(metered.account, *events)
    (news,) = record([batch])
    return [
        "recorded" if is_new else "refused" if place in batch.refused else "duplicate"
        for place, is_new in enumerate(news)
    ]


def used(quota: UsageQuota) -> tuple[Any, Any]:
    found = UsageQuota.objects.select_related("meter", "account").get(pk=quota.pk)
    (state,) = states_of([found], now=NOW)
    return state.used, state.reserved


@pytest.mark.django_db
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    kind=st.sampled_from(KINDS),
    period=st.sampled_from(["HOUR", "DAY", "MONTH", "BILLING_PERIOD", "NONE"]),
    first=st.integers(0, 5),
    steps=STEPS,
)
def test_every_answer_is_the_models(
    db: None, kind: str, period: str, first: int, steps: list[tuple[Any, ...]]
) -> None:
    metered = make_metered()
    model = Model(kind, period)
    quota = None
    names = (f"e{number}" for number in count(100))
    for number, step in enumerate([*steps, ("end", 0, 0, 0)]):
        if number == min(first, len(steps)):
            quota = make(metered, kind, period)
        if quota is None:
            model.is_hard = False
        elif number == min(first, len(steps)):
            model.is_hard = True
        act(metered, model, quota, step, names)
        if quota is not None:
            assert used(quota) == (model.used(NOW), 0)
    assert verify(metered.account.pk) == []


def make(metered: Metered, kind: str, period: str) -> UsageQuota:
    draft = services.QuotaDraft(meter=metered.meters[kind], limit=LIMIT, period=period)
    return services.create_quota(account_id=metered.account.pk, draft=draft, by_admin=True, now=NOW)


def act(metered: Metered, model: Model, quota: Any, step: tuple[Any, ...], names: Any) -> None:
    what, number, other, third = step
    if what == "event":
        at = NOW - timedelta(minutes=third)
        one = (f"e{number}", at, Decimal(other) + Decimal("0.5"), f"u{number}")
        assert send(metered, model.kind, [one]) == [model.send(*one)]
    elif what == "batch":
        many = [
            (f"e{number}" if place == 1 else next(names), NOW, Decimal(other), f"u{place % 13}")
            for place in range(third)
        ]
        assert send(metered, model.kind, many) == [model.send(*one) for one in many]
    elif what == "void" and f"e{number}" in model.taken:
        void_event(account_id=metered.account.pk, event_id=f"e{number}", now=NOW)
        model.void.add(f"e{number}")
    elif what == "reserve" and quota is not None and model.kind == "SUM":
        run_a_job(metered, model, quota, step)
    elif what == "change" and quota is not None:
        changes = {"limit": Decimal(number), "is_hard": other}
        services.change_quota(
            account_id=metered.account.pk, quota_id=quota.pk, changes=changes, now=NOW
        )
        model.limit, model.is_hard = Decimal(number), other


def run_a_job(metered: Metered, model: Model, quota: Any, step: tuple[Any, ...]) -> None:
    """Reserve, see it held, and commit, release, or let it expire."""
    _, amount, real, ending = step
    ids: dict[str, Any] = {"account_id": metered.account.pk, "now": NOW}
    fits = not model.is_hard or model.used(NOW) + amount <= model.limit
    made, code = attempt(
        reservations.reserve,
        meter=metered.meters["SUM"],
        amount=Decimal(amount),
        lifetime=timedelta(seconds=1),
        **ids,
    )
    assert code == ("" if fits else "QUOTA_EXCEEDED")
    if made is None:
        return
    assert used(quota) == (model.used(NOW), amount)
    ids["reservation_id"] = made.pk
    if ending == 0:
        row = (f"reservation-{made.pk}", NOW, Decimal(real), "")
        event = factories.usage(metered.meters["SUM"], NOW, str(real), event_id=row[0])
        done, code = attempt(reservations.commit_reservation, event=event, **ids)
        assert (done is None, code == "QUOTA_EXCEEDED") == (model.send(*row) == "refused",) * 2
        if done is not None:
            return
    if ending == 1:
        reservations.expire_due(now=datetime(2999, 1, 1, tzinfo=UTC))
        return
    reservations.release_reservation(**ids)


def attempt(call: Callable[..., Any], **arguments: Any) -> tuple[Any, str]:
    """Return what it made, or the code of its refusal."""
    try:
        return call(**arguments), ""
    except BillingError as error:
        return None, error.code
