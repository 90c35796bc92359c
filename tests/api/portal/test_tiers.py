"""`/admin/tiers`: listed in their order, and exactly one default."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse

from billing.models import AuditEntry, Plan
from tests.api.portal.population import PORTAL, tier
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db
DONE = {"message": "Default tier updated successfully"}


def names(answer: HttpResponse) -> list[str]:
    return [one["name"] for one in json_of(answer)["tiers"]]


def listed(admin: Api, query: str = "") -> HttpResponse:
    return admin.get(f"/admin/tiers{query}", base=PORTAL)


def make_default(admin: Api, tier_id: object, **kwargs: Any) -> HttpResponse:
    return admin.send("PUT", f"/admin/tiers/{tier_id}/default", base=PORTAL, **kwargs)


class TestList:
    def test_a_tier_is_shown_as_the_contract_says(self, admin: Api) -> None:
        free = tier("Free", sort_order=2, is_default=True, description="To try")

        assert json_of(listed(admin)) == {
            "tiers": [
                {
                    "id": str(free.plan_id),
                    "name": "Free",
                    "description": "To try",
                    "stripePriceId": None,
                    "isActive": True,
                    "isDefault": True,
                    "sortOrder": 2,
                    "features": [],
                }
            ]
        }

    def test_the_stripe_price_is_the_newest_versions(self, admin: Api) -> None:
        made = json_of(
            admin.post(
                "/plans",
                {
                    "code": "pro",
                    "name": "Pro",
                    "currency": "USD",
                    "interval": "MONTH",
                    "price": "9.00",
                    "stripePriceId": "price_1",
                },
            ),
            201,
        )
        json_of(admin.patch("/plans/pro", {"price": "10.00", "stripePriceId": "price_2"}))

        shown = json_of(listed(admin))["tiers"]

        assert [(one["id"], one["stripePriceId"]) for one in shown] == [(made["id"], "price_2")]

    def test_the_order_is_total(self, admin: Api) -> None:
        for name, place in (("b", 1), ("a", 1), ("first", -5), ("c", 1)):
            tier(name, sort_order=place)

        assert names(listed(admin)) == ["first", "b", "a", "c"]

    def test_active_leaves_the_others_out(self, admin: Api) -> None:
        tier("On")
        tier("Off", is_active=False)

        assert names(listed(admin)) == ["On", "Off"]
        assert names(listed(admin, "?active=true")) == ["On"]
        assert names(listed(admin, "?active=false")) == ["Off"]

    @pytest.mark.parametrize("value", ["1", "0", "True", "TRUE", "yes", "null", ""])
    def test_active_is_true_or_false(self, admin: Api, value: str) -> None:
        assert fields_of(listed(admin, f"?active={value}")) == ["active"]

    def test_an_unknown_parameter_is_named(self, admin: Api) -> None:
        assert fields_of(listed(admin, "?actve=true")) == ["actve"]

    def test_however_many_there_are_it_takes_one_query(
        self, admin: Api, django_assert_num_queries: Any
    ) -> None:
        for number in range(5):
            tier(f"Tier {number}")

        with django_assert_num_queries(1):
            listed(admin)


class TestDefault:
    def test_the_default_moves(self, admin: Api) -> None:
        free, pro = tier("Free", is_default=True), tier("Pro")

        answer = make_default(admin, pro.plan_id)

        assert json_of(answer) == DONE
        assert list(Plan.objects.filter(is_default=True)) == [pro.plan]
        entries = AuditEntry.objects.order_by("pk").values_list("action", "subject")
        assert list(entries) == [
            ("plan.updated", free.plan.code),
            ("plan.updated", pro.plan.code),
        ]
        assert all(entry.actor.startswith("user:") for entry in AuditEntry.objects.all())

    def test_again_changes_nothing(self, admin: Api) -> None:
        pro = tier("Pro", is_default=True)

        assert json_of(make_default(admin, pro.plan_id)) == DONE
        assert AuditEntry.objects.count() == 0
        assert Plan.objects.get(is_default=True) == pro.plan

    def test_a_version_stands_for_its_tier(self, admin: Api) -> None:
        pro = tier("Pro")

        assert pro.pk != pro.plan_id
        assert json_of(make_default(admin, str(pro.pk).upper())) == DONE
        assert Plan.objects.get(is_default=True) == pro.plan

    def test_an_archived_tier_is_refused(self, admin: Api) -> None:
        free, old = tier("Free", is_default=True), tier("Old", is_active=False)

        answer = make_default(admin, old.plan_id)

        assert error_of(answer) == (400, "PLAN_ARCHIVED")
        assert list(Plan.objects.filter(is_default=True)) == [free.plan]
        assert AuditEntry.objects.count() == 0

    def test_an_unknown_tier_is_not_found(self, admin: Api) -> None:
        free = tier("Free", is_default=True)

        assert error_of(make_default(admin, uuid4())) == (404, "NOT_FOUND")
        assert list(Plan.objects.filter(is_default=True)) == [free.plan]

    @pytest.mark.parametrize("odd", ["pro", "1", "{%s}", "urn:uuid:%s", "%s0", "%s%%20"])
    def test_an_odd_id_is_named(self, admin: Api, odd: str) -> None:
        pro = tier("Pro")
        given = odd % pro.plan_id if "%s" in odd else odd

        assert fields_of(make_default(admin, given)) == ["tierID"]
        assert Plan.objects.filter(is_default=True).count() == 0

    def test_a_body_has_no_fields(self, admin: Api) -> None:
        pro = tier("Pro")

        assert fields_of(make_default(admin, pro.plan_id, body={"isDefault": True})) == [
            "isDefault"
        ]
        assert json_of(make_default(admin, pro.plan_id, body={})) == DONE

    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
    def test_another_method_is_told_which_there_is(self, admin: Api, method: str) -> None:
        answer = admin.send(method, f"/admin/tiers/{uuid4()}/default", base=PORTAL)

        assert error_of(answer) == (405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "PUT, OPTIONS"


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_many_changes_at_once_one_default_remains(self, admin: Api) -> None:
        tiers = [tier(f"Tier {number}") for number in range(8)]
        barrier = Barrier(len(tiers))

        def change(number: int) -> int:
            barrier.wait(timeout=10)
            try:
                return make_default(admin, tiers[number].plan_id).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(tiers)) as pool:
            statuses = list(pool.map(change, range(len(tiers))))

        assert statuses == [200] * 8
        assert Plan.objects.filter(is_default=True).count() == 1
        last = AuditEntry.objects.order_by("-pk")[0]
        assert Plan.objects.get(is_default=True).code == last.subject

    def test_a_tier_is_archived_or_the_default_but_never_both(self, admin: Api) -> None:
        pro = tier("Pro")
        barrier = Barrier(2)

        def act(number: int) -> int:
            barrier.wait(timeout=10)
            path = f"/plans/{pro.plan.code}/archive"
            try:
                answer = make_default(admin, pro.plan_id) if number else admin.post(path)
                return answer.status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=2) as pool:
            statuses = list(pool.map(act, range(2)))

        plan = Plan.objects.get(pk=pro.plan_id)
        assert plan.is_default == plan.is_active
        assert sorted(statuses) == ([200, 409] if plan.is_default else [200, 400])

    def test_surface_b_says_the_same_conflict_otherwise(self, admin: Api) -> None:
        old = tier("Old", is_active=False)

        answer = admin.patch(f"/plans/{old.plan.code}", {"isDefault": True})

        assert error_of(answer) == (409, "PLAN_ARCHIVED")
