"""`/admin/billing/status`: held against a recount that looks at one customer at a time."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.models import PlanVersion, Subscription
from billing.subscriptions.models import SubscriptionStatus
from customers.models import Customer
from tests.api.portal.population import PORTAL, another_tenant, customer, subscribe, tier
from tests.client import Api, error_of, json_of

NAMES = ("Free", "Pro", "Pro", "Business")
PERSON = st.fixed_dictionaries(
    {
        "members": st.integers(0, 4),
        "was": st.lists(st.integers(0, 3), max_size=2),
        "is": st.none() | st.tuples(st.integers(0, 3), st.sampled_from(SubscriptionStatus.values)),
        "more": st.none() | st.integers(0, 3),
    }
)


def status(admin: Api) -> Any:
    return json_of(admin.get("/admin/billing/status", base=PORTAL))


def make(person: dict[str, Any], tiers: list[PlanVersion]) -> None:
    made = customer(members=person["members"])
    for day, number in enumerate(person["was"]):
        subscribe(made, tiers[number], "CANCELLED", day=day)
    if person["is"]:
        number, state = person["is"]
        subscribe(made, tiers[number], state, day=9)
    if person["more"] is not None:
        another_tenant(made, tiers[person["more"]])


def recounted() -> dict[str, Any]:
    """Count anew, from subscriptions: the customer's own row is not believed."""
    teams: dict[str, list[int]] = {}
    for one in Customer.objects.all():
        for row in Subscription.objects.filter(account_id=one.pk):
            if row.status in {"ACTIVE", "TRIALING"}:
                name = row.plan_version.plan.name
                teams.setdefault(name, []).append(one.memberships.count())
    return {
        "totalCustomers": Customer.objects.count(),
        "activeCustomers": sum(len(sizes) for sizes in teams.values()),
        "subscriptionsByTier": {
            name: {
                "tierName": name,
                "activeCustomers": len(sizes),
                "avgMemberCount": float(
                    (Decimal(sum(sizes)) / len(sizes)).quantize(Decimal("0.01"), ROUND_HALF_UP)
                ),
            }
            for name, sizes in teams.items()
        },
    }


class TestAnyPopulation(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(people=st.lists(PERSON, max_size=7))
    def test_the_status_is_what_a_recount_finds(self, people: list[dict[str, Any]]) -> None:
        tiers = [tier(name) for name in NAMES]
        for person in people:
            make(person, tiers)

        assert status(Api.of("billing_admin")) == recounted()


@pytest.mark.django_db
class TestStatus:
    def test_nobody_is_here_yet(self, admin: Api) -> None:
        assert status(admin) == {
            "totalCustomers": 0,
            "activeCustomers": 0,
            "subscriptionsByTier": {},
        }

    def test_a_company_of_all_kinds(self, admin: Api) -> None:
        free, pro = tier("Free"), tier("Pro")
        subscribe(customer(members=2), pro)
        subscribe(customer(members=3), pro, "TRIALING")
        subscribe(customer(members=4), pro, "PAST_DUE")
        subscribe(customer(members=4), free, "PAUSED")
        subscribe(customer(members=4), free, "CANCELLED")
        another_tenant(customer(members=4), free)

        assert status(admin) == {
            "totalCustomers": 6,
            "activeCustomers": 2,
            "subscriptionsByTier": {
                "Pro": {"tierName": "Pro", "activeCustomers": 2, "avgMemberCount": 2.5}
            },
        }

    def test_an_average_is_rounded_half_up_to_hundredths(self, admin: Api) -> None:
        pro = tier("Pro")
        for members in (1, 1, 1, 1, 1, 1, 1, 2):  # 9 / 8 = 1.125
            subscribe(customer(members=members), pro)

        found = status(admin)["subscriptionsByTier"]["Pro"]

        assert found["avgMemberCount"] == 1.13

    def test_an_orphaned_customer_counts_with_a_team_of_nobody(self, admin: Api) -> None:
        pro = tier("Pro")
        subscribe(customer(members=0), pro)
        subscribe(customer(members=1), pro)

        found = status(admin)["subscriptionsByTier"]["Pro"]

        assert found == {"tierName": "Pro", "activeCustomers": 2, "avgMemberCount": 0.5}

    def test_tiers_of_one_name_are_counted_as_one(self, admin: Api) -> None:
        subscribe(customer(members=1), tier("Pro"))
        subscribe(customer(members=2), tier("Pro"))

        found = status(admin)["subscriptionsByTier"]

        assert found == {"Pro": {"tierName": "Pro", "activeCustomers": 2, "avgMemberCount": 1.5}}

    def test_any_number_of_customers_takes_one_query(
        self, admin: Api, django_assert_num_queries: Any
    ) -> None:
        for number in range(6):
            subscribe(customer(members=3), tier(f"Tier {number}"))

        with django_assert_num_queries(1):
            status(admin)

    def test_another_method_is_told_which_there_is(self, admin: Api) -> None:
        answer = admin.post("/admin/billing/status", base=PORTAL)

        assert error_of(answer) == (405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "GET, HEAD, OPTIONS"
