"""A change of the tier, of its limits or of its name is seen by the next request everywhere."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from billing.catalog.drafts import LimitDraft
from billing.catalog.services import update_plan
from billing.kernel import clock
from billing.models import Plan, PlanLimit, Subscription
from quotas import tiers
from quotas.api.portal.limits import written
from quotas.models import TierRevision
from tests.quotas.processes import serve
from tests.quotas.scene import Team, add_limit, team, tier

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS_OF = f"{__name__}.limits_of"


def limits_of(account_id: Any) -> Any:
    """Return an account's limits as this process sees them."""
    found = tiers.tier_of(account_id)
    return None if found is None else (found.name, json.loads(bytes(written(found.limits))))


class Others:
    """Two web processes that have kept what they saw before."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipes, self.processes = [], []
        for _ in range(2):
            mine, theirs = spawn.Pipe()
            name = str(connection.settings_dict["NAME"])
            process = spawn.Process(target=serve, args=(theirs, name, LIMITS_OF), daemon=True)
            process.start()
            self.pipes.append(mine)
            self.processes.append(process)

    def see(self, acme: Team) -> list[Any]:
        """Return what each of them sees, and this process."""
        for pipe in self.pipes:
            pipe.send(acme.account.pk)
        assert all(pipe.poll(60) for pipe in self.pipes)
        return [*(pipe.recv() for pipe in self.pipes), limits_of(acme.account.pk)]

    def end(self) -> None:
        for pipe, process in zip(self.pipes, self.processes, strict=True):
            pipe.send(None)
            process.join(20)


@pytest.fixture
def others() -> Iterator[Others]:
    made = Others()
    yield made
    made.end()


@pytest.mark.slow
def test_every_process_sees_each_change_at_once(others: Others) -> None:
    acme = team(("ai", "calls", 5, "day"))
    shown = {"value": 5, "window": "day", "description": "calls of ai"}
    assert others.see(acme) == [("Pro", {"ai": {"calls": shown}})] * 3

    PlanLimit.objects.filter(plan=acme.plan).update(value=6)
    assert others.see(acme) == [("Pro", {"ai": {"calls": {**shown, "value": 6}}})] * 3

    add_limit(acme.plan, "b", "c", 1, "hour")
    assert [set(limits) for _, limits in others.see(acme)] == [{"ai", "b"}] * 3

    PlanLimit.objects.filter(plan=acme.plan, service_name="ai").delete()
    assert [set(limits) for _, limits in others.see(acme)] == [{"b"}] * 3

    draft = LimitDraft(service_name="d", feature_key="e", value=2, window="month")
    update_plan(reference=acme.plan.code, details={}, prices={}, limits=[draft], now=clock.now())
    assert [set(limits) for _, limits in others.see(acme)] == [{"d"}] * 3

    Plan.objects.filter(pk=acme.plan.pk).update(name="Professional")
    assert [name for name, _ in others.see(acme)] == ["Professional"] * 3

    other = tier(("f", "g", 9, "day"), name="Other")
    Subscription.objects.update(plan_version=other.versions.get())
    assert [(name, set(limits)) for name, limits in others.see(acme)] == [("Other", {"f"})] * 3

    Subscription.objects.update(status="CANCELLED", ended_at=clock.now())
    assert others.see(acme) == [None] * 3


def test_what_was_kept_serves_until_the_revision_moves() -> None:
    acme = team(("ai", "calls", 5, "day"))
    first = tiers.tier_of(acme.account.pk)

    again = tiers.tier_of(acme.account.pk)

    assert first is not None
    assert again is not None
    assert again.limits is first.limits


def test_a_revision_that_was_rolled_back_is_not_used_again() -> None:
    acme = team(("ai", "calls", 5, "day"))
    with transaction.atomic():
        PlanLimit.objects.update(value=6)
        within = limits_of(acme.account.pk)
        seen = TierRevision.objects.get(plan_id=acme.plan.pk).revision
        transaction.set_rollback(True)

    PlanLimit.objects.update(value=7)

    assert within[1]["ai"]["calls"]["value"] == 6
    assert TierRevision.objects.get(plan_id=acme.plan.pk).revision > seen
    assert limits_of(acme.account.pk)[1]["ai"]["calls"]["value"] == 7
