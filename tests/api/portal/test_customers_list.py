"""`/admin/customers` and `/admin/customer/{id}`: standing, team, filters, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse

from billing.models import Plan
from billing.subscriptions.models import SubscriptionStatus
from customers.models import Customer, Membership
from tests.api.portal.population import (
    DAY,
    PORTAL,
    another_tenant,
    customer,
    subscribe,
    tier,
)
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db
ZERO = "00000000-0000-0000-0000-000000000000"


def listed(admin: Api, query: str = "") -> HttpResponse:
    return admin.get(f"/admin/customers{query}", base=PORTAL)


def ids(answer: HttpResponse) -> list[str]:
    return [one["id"] for one in json_of(answer)["customers"]]


def one(admin: Api, customer_id: object) -> HttpResponse:
    return admin.get(f"/admin/customer/{customer_id}", base=PORTAL)


def standing(admin: Api, of: Customer) -> tuple[Any, Any]:
    """Return tier and status as the list and the page of one say them: the same."""
    detail = json_of(one(admin, of.pk))
    row = next(row for row in json_of(listed(admin))["customers"] if row["id"] == detail["id"])
    assert {**row, "tierID": detail["tierID"]} == detail
    return row["tierName"], row["subscriptionStatus"]


class TestShown:
    def test_a_customer_is_shown_as_the_contract_says(self, admin: Api) -> None:
        made = customer(members=3, at=DAY + timedelta(microseconds=5))
        pro = tier("Pro")
        subscribe(made, pro)
        owner = Membership.objects.get(customer=made, role=0).user_id

        shown = {
            "id": str(made.pk),
            "name": "Acme",
            "tierName": "Pro",
            "subscriptionStatus": "active",
            "memberCount": 3,
            "createdAt": "2026-03-01T00:00:00.000005Z",
            "ownerUserID": str(owner),
        }
        assert json_of(listed(admin)) == {"customers": [shown], "items": 1, "pages": 1}
        assert json_of(one(admin, made.pk)) == {**shown, "tierID": str(pro.plan_id)}

    def test_an_orphaned_customer_has_nobody_for_its_owner(self, admin: Api) -> None:
        made = customer(members=0)

        shown = json_of(one(admin, made.pk))

        assert (shown["memberCount"], shown["ownerUserID"]) == (0, ZERO)
        assert ids(listed(admin)) == [str(made.pk)]

    def test_without_a_subscription_there_is_no_tier(self, admin: Api) -> None:
        made = customer()

        shown = json_of(one(admin, made.pk))

        assert (shown["tierName"], shown["tierID"], shown["subscriptionStatus"]) == (None,) * 3

    @pytest.mark.parametrize("status", SubscriptionStatus.values)
    def test_a_status_is_said_in_stripes_word(self, admin: Api, status: str) -> None:
        made = customer()
        subscribe(made, tier("Pro"), status)

        word = "canceled" if status == "CANCELLED" else status.lower()
        assert standing(admin, made) == ("Pro", word)

    def test_the_live_subscription_counts_before_cancelled_ones(self, admin: Api) -> None:
        made = customer()
        subscribe(made, tier("Live"), "PAST_DUE", day=1)
        subscribe(made, tier("Later"), "CANCELLED", day=2)

        assert standing(admin, made) == ("Live", "past_due")

    def test_of_cancelled_ones_the_newest_counts(self, admin: Api) -> None:
        made = customer()
        subscribe(made, tier("New"), "CANCELLED", day=2)
        subscribe(made, tier("Old"), "CANCELLED", day=1)

        assert standing(admin, made) == ("New", "canceled")

    def test_other_tenants_do_not_count(self, admin: Api) -> None:
        made = customer()
        another_tenant(made, tier("Pro"))

        assert standing(admin, made) == (None, None)

    def test_a_customers_name_does_not_follow_a_write_of_its_standing(self, admin: Api) -> None:
        made = customer()
        subscribe(made, tier("Pro"))
        made.name, made.subscription_status = "Renamed", "UNPAID"
        made.tier_id = None
        made.save()

        assert standing(admin, made) == ("Pro", "active")

    def test_a_subscription_that_changes_is_seen_at_once(self, admin: Api) -> None:
        made = customer()
        live = subscribe(made, tier("Pro"))
        seen = [standing(admin, made)]
        live.status = "PAST_DUE"
        live.save()
        seen.append(standing(admin, made))
        live.plan_version = tier("Business")
        live.save()
        seen.append(standing(admin, made))
        live.segments.all().delete()
        live.delete()
        seen.append(standing(admin, made))

        assert seen == [
            ("Pro", "active"),
            ("Pro", "past_due"),
            ("Business", "past_due"),
            (None, None),
        ]

    def test_a_tier_that_is_renamed_is_seen_at_once(self, admin: Api) -> None:
        made = customer()
        version = tier("Pro")
        subscribe(made, version)
        Plan.objects.filter(pk=version.plan_id).update(name="Professional")

        assert standing(admin, made) == ("Professional", "active")
        assert ids(listed(admin, "?tierName=Pro")) == []
        assert ids(listed(admin, "?tierName=Professional")) == [str(made.pk)]


class TestOne:
    def test_an_unknown_customer_is_not_found(self, admin: Api) -> None:
        assert error_of(one(admin, uuid4())) == (404, "NOT_FOUND")

    @pytest.mark.parametrize("odd", ["1", "{%s}", "urn:uuid:%s", "%s0", "acme"])
    def test_an_odd_id_is_named(self, admin: Api, odd: str) -> None:
        made = customer()
        given = odd % made.pk if "%s" in odd else odd

        assert fields_of(one(admin, given)) == ["customerID"]

    def test_an_id_in_capitals_is_the_same(self, admin: Api) -> None:
        made = customer()

        assert json_of(one(admin, str(made.pk).upper()))["id"] == str(made.pk)


class TestFilters:
    @pytest.fixture
    def people(self, db: None) -> dict[str, str]:
        pro, twin, free = tier("Pro"), tier("Pro"), tier("pro")
        wanted = {
            "pro": (pro, "ACTIVE"),
            "late": (pro, "PAST_DUE"),
            "twin": (twin, "ACTIVE"),
            "free": (free, "ACTIVE"),
            "left": (pro, "CANCELLED"),
        }
        made = {"none": str(customer(at=DAY).pk)}
        for number, (name, (version, status)) in enumerate(wanted.items(), 1):
            new = customer(at=DAY + timedelta(days=number))
            subscribe(new, version, status)
            made[name] = str(new.pk)
        return made

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", "left free twin late pro none"),
            ("?status=active", "free twin pro"),
            ("?status=past_due", "late"),
            ("?status=canceled", "left"),
            ("?status=unpaid", ""),
            ("?tierName=Pro", "left twin late pro"),
            ("?tierName=pro", "free"),
            ("?tierName=Pr", ""),
            ("?tierName=Pro%20", ""),
            ("?tierName=Pro&status=active", "twin pro"),
            ("?tierName=Pro&status=trialing", ""),
            ("?asOf=2026-03-03T00:00:00Z", "late pro none"),
            ("?asOf=2026-03-02T23:59:59.999999Z&status=active", "pro"),
        ],
    )
    def test_a_filter_finds_what_it_says(
        self, admin: Api, people: dict[str, str], query: str, found: str
    ) -> None:
        answer = listed(admin, query)

        wanted = [people[name] for name in found.split()]
        assert ids(answer) == wanted
        assert json_of(answer)["items"] == len(wanted)
        assert json_of(answer)["pages"] == (1 if wanted else 0)

    @pytest.mark.parametrize(
        "query",
        [
            *(f"status={word}" for word in ("ACTIVE", "cancelled", "Active", "ended", "", "%00")),
            *(f"page={number}" for number in ("0", "-1", "1.5", "one", "", "1e3", "%D9%A1")),
            *(f"limit={number}" for number in ("0", "101", "-1", "10.0", "", "ten")),
            *(f"tierName={name}" for name in ("", "%00", "x" * 256)),
            *(f"asOf={moment}" for moment in ("yesterday", "", "2026-02-30T00:00:00Z")),
            "size=10",
            "tiername=Pro",
        ],
    )
    def test_a_bad_parameter_is_named(self, admin: Api, query: str) -> None:
        assert fields_of(listed(admin, f"?{query}")) == [query.partition("=")[0]]

    def test_a_parameter_has_one_value(self, admin: Api) -> None:
        assert fields_of(listed(admin, "?status=active&status=unpaid")) == ["status"]


class TestPages:
    def test_the_order_is_total_where_many_are_made_at_once(self, admin: Api) -> None:
        made = [str(customer(at=DAY).pk) for _ in range(7)]

        walked = [ids(listed(admin, f"?limit=3&page={page}")) for page in (1, 2, 3, 4)]

        ordered = sorted(made, key=UUID, reverse=True)
        assert walked == [ordered[:3], ordered[3:6], ordered[6:], []]

    def test_there_are_ten_on_a_page_where_nothing_is_said(self, admin: Api) -> None:
        for number in range(11):
            customer(at=DAY + timedelta(days=number))

        answer = json_of(listed(admin))

        assert (len(answer["customers"]), answer["items"], answer["pages"]) == (10, 11, 2)

    def test_a_walk_that_new_customers_cut_into_misses_none(self, admin: Api) -> None:
        """A new one pushes the older ones down: one comes again, none is lost."""
        old = [str(customer(at=DAY + timedelta(hours=n)).pk) for n in range(6)][::-1]

        first = ids(listed(admin, "?limit=3"))
        customer(at=DAY + timedelta(days=1))
        second = ids(listed(admin, "?limit=3&page=2"))
        third = ids(listed(admin, "?limit=3&page=3"))

        assert first == old[:3]
        assert second == [old[2], *old[3:5]]
        assert third == old[5:]

    def test_with_as_of_nothing_comes_twice_and_nothing_is_lost(self, admin: Api) -> None:
        old = [str(customer(at=DAY + timedelta(hours=n)).pk) for n in range(7)][::-1]
        as_of = "asOf=2026-03-01T12:00:00Z"

        walked = []
        for page in (1, 2, 3):
            answer = listed(admin, f"?limit=3&page={page}&{as_of}")
            assert (json_of(answer)["items"], json_of(answer)["pages"]) == (7, 3)
            walked += ids(answer)
            customer(at=DAY + timedelta(days=page))

        assert walked == old

    def test_a_page_takes_the_same_queries_for_one_and_for_many(
        self, admin: Api, django_assert_num_queries: Any
    ) -> None:
        subscribe(customer(), tier("Pro"))
        with django_assert_num_queries(3):
            listed(admin, "?limit=100")
        for number in range(12):
            subscribe(customer(members=4), tier(f"Tier {number}"))

        with django_assert_num_queries(3):
            assert len(ids(listed(admin, "?limit=100"))) == 13
        with django_assert_num_queries(4):
            listed(admin, "?limit=100&tierName=Pro&status=active")
        with django_assert_num_queries(1):
            one(admin, uuid4())

    @pytest.mark.parametrize("path", ["/admin/customers", f"/admin/customer/{ZERO}"])
    def test_another_method_is_told_which_there_is(self, admin: Api, path: str) -> None:
        answer = admin.patch(path, {}, base=PORTAL)

        assert error_of(answer) == (405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"].startswith("GET, ")
