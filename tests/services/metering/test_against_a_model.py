"""Any order of events, repeats, late ones, corrections, voids and plan changes: counters = model.

The model is the slow store, which adds everything up at each question.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from billing.kernel.errors import NotFound
from billing.metering.events import MeterTraits
from billing.metering.interface import POSTGRES
from billing.metering.read import CounterValue
from billing.metering.record import COPY_FROM
from billing.metering.summary import GroupBy
from billing.metering.verify import verify
from billing.models import Segment
from tests import factories
from tests.services.metering.conftest import JULY, JUNE, make_metered
from tests.services.metering.slow_store import Place, SlowStore

KINDS = ("SUM", "COUNT", "MAX", "LATEST", "UNIQUE")
IDS = st.integers(0, 30)
# Few instants, so that events meet in hours and at the edges of periods: some before the first.
MOMENTS = st.builds(
    lambda quarters, seconds: JUNE + timedelta(minutes=15 * quarters, seconds=seconds),
    st.integers(-8, 40) | st.integers(30 * 96 - 4, 30 * 96 + 8),
    st.sampled_from([0, 1, 899]),
)
EVENTS = st.tuples(
    IDS,
    st.sampled_from(KINDS),
    MOMENTS,
    st.decimals(0, 50, places=2) | st.integers(0, 9),
    st.sampled_from(["gpt", "llama", ""]),
    st.integers(0, 3),
    st.booleans(),
)


def without_versions(counted: dict[Place, CounterValue]) -> dict[Place, tuple[Any, ...]]:
    """Return what counts something: how often a row changed is the store's own affair."""
    found = {
        place: (v.total, v.events, v.corrections, v.maximum, v.latest, v.distinct_values)
        for place, v in counted.items()
    }
    return {place: value for place, value in found.items() if any(value)}


class Usage(RuleBasedStateMachine):
    """Two months of an account with a charge for each meter, one of them with a filter beside."""

    def __init__(self) -> None:
        super().__init__()
        self.metered = make_metered()
        self.filtered(self.metered.version)
        august = factories.period(self.metered.subscription, JULY, JULY + timedelta(days=31))
        self.periods = [self.metered.period.id, august.id]
        self.model = SlowStore()
        self.changed_at: datetime | None = None

    def filtered(self, version: Any) -> None:
        factories.charge(version, self.metered.meters["SUM"], filter={"model": "gpt"})

    @rule(given=st.lists(EVENTS, min_size=1, max_size=12), many=st.booleans())
    def record(self, given: list[Any], many: bool) -> None:
        """Few of them go by the procedure, many by COPY."""
        chosen = given * (COPY_FROM // len(given) + 1) if many else given
        batch = factories.batch(self.metered.account, *map(self.event, chosen))

        assert POSTGRES.record([batch]) == self.model.record([batch])

    def event(self, given: Any) -> Any:
        number, kind, at, quantity, model, user, is_correction = given
        text = f'{{"model": "{model}"}}' if model else None
        negative = is_correction and kind == "SUM"
        return factories.usage(
            self.metered.meters[kind],
            at,
            f"-{quantity}" if negative and quantity else str(quantity),
            event_id=f"e{number}",
            is_correction=negative,
            metadata={"model": model} if model else None,
            metadata_json=text,
            user_id=f"u{user}",
            resource_id=f"r{user % 2}",
        )

    @rule(number=IDS)
    def void(self, number: int) -> None:
        assert self.voided(POSTGRES, number) == self.voided(self.model, number)

    def voided(self, store: Any, number: int) -> Any:
        account = self.metered.account.id
        try:
            return store.void_event(account_id=account, event_id=f"e{number}", now=JULY)
        except NotFound:
            return None

    @rule(at=MOMENTS)
    def change_plan(self, at: datetime) -> None:
        """Let another version hold from an instant on; at later calls from another instant."""
        at = max(at, JUNE + timedelta(minutes=1))  # the subscription begins with June
        subscription = self.metered.subscription
        if self.changed_at is None:
            later = factories.plan_version()
            for kind in KINDS:
                factories.charge(later, self.metered.meters[kind])
            self.filtered(later)
            subscription.segments.update(end_at=at)
            factories.segment(subscription, later, at)
        else:
            first, second = Segment.objects.filter(subscription=subscription).order_by("start_at")
            Segment.objects.filter(pk=second.pk).update(start_at=max(at, self.changed_at))
            Segment.objects.filter(pk=first.pk).update(end_at=at)
            Segment.objects.filter(pk=second.pk).update(start_at=at)
        start = min(at, self.changed_at or at)
        self.changed_at = at
        for store in (POSTGRES, self.model):
            store.rebuild(self.metered.account.id, start, None)

    @invariant()
    def counters_are_the_models(self) -> None:
        kept = POSTGRES.counters_of(self.periods)
        assert without_versions(kept) == without_versions(self.model.counters_of(self.periods))

    @rule(start=MOMENTS, length=st.integers(1, 30 * 24), group_by=st.sampled_from(GroupBy))
    def summary_is_the_models(self, start: datetime, length: int, group_by: GroupBy) -> None:
        meters = {meter.id: MeterTraits.of(meter) for meter in self.metered.meters.values()}
        asked = (self.metered.account.id, start, start + timedelta(hours=length))

        found, wanted = (
            store.summarize(*asked, meters=meters, group_by=group_by)
            for store in (POSTGRES, self.model)
        )

        assert found == wanted

    def teardown(self) -> None:
        assert verify(self.metered.account.id) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_store_is_the_model() -> None:
    run_state_machine_as_test(
        Usage,
        settings=settings(
            max_examples=25,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
