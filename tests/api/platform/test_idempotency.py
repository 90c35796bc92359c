"""`Idempotency-Key`: the work is done once, and its answer given again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse

from billing.catalog.services import versions
from billing.http import idempotency
from billing.kernel import clock
from billing.models import IdempotentAnswer, Meter, Plan
from tenants.models import Tenant
from tests.api.platform.plan_bodies import plan
from tests.client import Api, error_of, fields_of, json_of

WRITE_LIMITS = "billing.catalog.services.plans.write_limits"
BODY = {"name": "Acme"}
METER = {"metricType": "TOKENS", "name": "Tokens", "aggregation": "SUM"}


@pytest.mark.django_db
class TestReplays:
    def test_the_same_request_is_done_once(self, admin: Api) -> None:
        first = admin.post("/tenants", BODY, idempotency_key="k")
        second = admin.post("/tenants", BODY, idempotency_key="k")

        assert json_of(second, 201) == json_of(first, 201)
        assert "Idempotent-Replayed" not in first.headers
        assert second["Idempotent-Replayed"] == "true"
        assert second["x-request-id"] != first["x-request-id"]
        assert Tenant.objects.count() == 1

    def test_without_a_key_or_with_another_it_is_done_again(self, admin: Api) -> None:
        admin.post("/tenants", BODY)
        admin.post("/tenants", BODY)
        admin.post("/tenants", BODY, idempotency_key="a")
        admin.post("/tenants", BODY, idempotency_key="b")

        assert Tenant.objects.count() == 4

    def test_another_body_or_query_under_the_key_is_a_conflict(self, admin: Api) -> None:
        admin.post("/tenants", BODY, idempotency_key="k")

        body = admin.post("/tenants", {"name": "Other"}, idempotency_key="k")
        query = admin.post("/tenants?a=1", BODY, idempotency_key="k")

        assert error_of(body) == error_of(query) == (409, "IDEMPOTENCY_CONFLICT")
        assert json_of(admin.post("/tenants", BODY, idempotency_key="k"), 201)
        assert Tenant.objects.count() == 1

    def test_a_key_is_the_callers_and_the_paths_own(self, admin: Api) -> None:
        other = Api.of("billing_admin")
        json_of(admin.post("/tenants", BODY, idempotency_key="k"), 201)

        json_of(other.post("/tenants", BODY, idempotency_key="k"), 201)
        json_of(admin.post("/meters", METER, idempotency_key="k"), 201)

        assert (Tenant.objects.count(), Meter.objects.filter(metric_type="TOKENS").count()) == (
            2,
            1,
        )

    def test_a_refusal_that_decided_something_is_kept(self, admin: Api) -> None:
        given = plan(code="taken")
        admin.post("/plans", given)
        refused = admin.post("/plans", given, idempotency_key="k")
        unknown = admin.post("/plans/later/archive", idempotency_key="k")
        Plan.objects.filter(code="taken").update(code="free")
        admin.post("/plans", plan(code="later"))

        again = admin.post("/plans", given, idempotency_key="k")
        still = admin.post("/plans/later/archive", idempotency_key="k")

        assert error_of(refused) == (409, "ALREADY_EXISTS")
        assert json_of(again, 409) == json_of(refused, 409)
        assert (again["x-error"], again["x-error-id"]) == (
            refused["x-error"],
            refused["x-error-id"],
        )
        assert again["Idempotent-Replayed"] == still["Idempotent-Replayed"] == "true"
        assert json_of(still, 404) == json_of(unknown, 404)

    def test_a_forbidden_request_stays_forbidden_under_its_key(
        self, stranger: Api, admin: Api
    ) -> None:
        first = stranger.post("/tenants", BODY, idempotency_key="k")
        second = stranger.post("/tenants", BODY, idempotency_key="k")

        assert error_of(first) == (403, "FORBIDDEN")
        assert json_of(second, 403) == json_of(first, 403)
        assert second["Idempotent-Replayed"] == "true"
        json_of(admin.post("/tenants", BODY, idempotency_key="k"), 201)

    def test_a_mended_body_runs_under_the_key(self, admin: Api) -> None:
        bodies: list[dict[str, Any]] = [
            {"raw": b"{"},
            {"body": {}},
            {"body": BODY, "content_type": "text/plain"},
        ]
        for bad in bodies:
            response = admin.send("POST", "/tenants", idempotency_key="k", **bad)
            assert response.status_code in {400, 415}
        assert Api().post("/tenants", BODY, idempotency_key="k").status_code == 401

        mended = admin.post("/tenants", BODY, idempotency_key="k")

        assert json_of(mended, 201)["name"] == "Acme"
        assert "Idempotent-Replayed" not in mended.headers

    def test_after_a_day_the_key_is_free(self, admin: Api) -> None:
        now = clock.now()
        forever = Api.of("billing_admin", exp=int(now.timestamp()) + 10**6)
        with time_machine.travel(now, tick=False):
            forever.post("/tenants", BODY, idempotency_key="k")
        with time_machine.travel(now + timedelta(hours=23, minutes=59), tick=False):
            kept = forever.post("/tenants", BODY, idempotency_key="k")
        with time_machine.travel(now + timedelta(hours=24), tick=False):
            free = forever.post("/tenants", {"name": "Other"}, idempotency_key="k")

        assert kept["Idempotent-Replayed"] == "true"
        assert json_of(free, 201)["name"] == "Other"
        assert Tenant.objects.count() == 2

    def test_what_is_past_its_day_is_swept(self, admin: Api) -> None:
        admin.post("/tenants", BODY, idempotency_key="k")

        early = idempotency.sweep(now=clock.now() + timedelta(hours=23))
        late = idempotency.sweep(now=clock.now() + timedelta(hours=25))

        assert (early, late, IdempotentAnswer.objects.count()) == (0, 1, 0)

    @pytest.mark.parametrize("key", ["", "k" * 256, "a\nb", "a\tb", "\x7f"])
    def test_a_key_that_is_none_is_refused(self, admin: Api, key: str) -> None:
        assert fields_of(admin.post("/tenants", BODY, idempotency_key=key)) == ["Idempotency-Key"]
        assert Tenant.objects.count() == 0

    def test_the_longest_key_is_taken(self, admin: Api) -> None:
        json_of(admin.post("/tenants", BODY, idempotency_key="k" * 255), 201)

    def test_a_key_means_nothing_to_a_read_or_a_patch(self, admin: Api) -> None:
        made = json_of(admin.post("/tenants", BODY), 201)

        for name in ("A", "B"):
            path = f"/tenants/{made['id']}"
            changed = admin.patch(path, {"name": name}, idempotency_key="k")
            assert json_of(changed)["name"] == name
            assert json_of(admin.get(path, idempotency_key="k"))["name"] == name


def at_once(count: int, send: Callable[[], HttpResponse]) -> list[HttpResponse]:
    barrier = Barrier(count)

    def run(_: int) -> HttpResponse:
        barrier.wait(timeout=10)
        try:
            return send()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_eight_requests_with_one_key_do_the_work_once(self, admin: Api) -> None:
        responses = at_once(8, lambda: admin.post("/tenants", BODY, idempotency_key="k"))

        done = [r for r in responses if r.status_code == 201]
        busy = [r for r in responses if r.status_code == 409]
        assert len(done) + len(busy) == 8
        assert {json_of(r, 201)["id"] for r in done} == {str(Tenant.objects.get().pk)}
        assert {error_of(r)[1] for r in busy} <= {"IDEMPOTENCY_IN_PROGRESS"}

    def test_while_the_first_runs_the_second_is_told_so(
        self, admin: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reached, go_on = Barrier(2), Barrier(2)
        write = versions.write_limits

        def slowly(*args: Any) -> None:
            reached.wait(timeout=10)
            go_on.wait(timeout=10)
            write(*args)

        monkeypatch.setattr(WRITE_LIMITS, slowly)
        body = plan()

        def first() -> HttpResponse:
            try:
                return admin.post("/plans", body, idempotency_key="k")
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=1) as pool:
            running = pool.submit(first)
            reached.wait(timeout=10)
            meanwhile = admin.post("/plans", body, idempotency_key="k")
            go_on.wait(timeout=10)
            done = running.result(timeout=10)

        assert error_of(meanwhile) == (409, "IDEMPOTENCY_IN_PROGRESS")
        assert json_of(done, 201)["code"] == body["code"]
        replayed = admin.post("/plans", body, idempotency_key="k")
        assert json_of(replayed, 201) == json_of(done, 201)

    def test_work_that_is_undone_leaves_the_key_free(
        self, admin: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: Any) -> None:
            raise RuntimeError("in the middle")

        body = plan()
        with monkeypatch.context() as patched:
            patched.setattr(WRITE_LIMITS, broken)
            failed = admin.post("/plans", body, idempotency_key="k")

        again = admin.post("/plans", body, idempotency_key="k")

        assert error_of(failed) == (500, "INTERNAL_ERROR")
        assert json_of(again, 201)["code"] == body["code"]
        assert Plan.objects.count() == 1
