"""`/meters` through HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform import examples
from tests.api.platform.plan_bodies import charge, plan
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db

TOKENS = {"metricType": "TOKENS", "name": "Tokens", "unit": "tokens", "aggregation": "SUM"}
BUILT_IN = {
    "ACTIVE_USERS": ("count", "UNIQUE", "userId"),
    "API_CALLS": ("count", "SUM", None),
    "COMPUTE_SECONDS": ("seconds", "SUM", None),
    "CONNECTOR_SYNCS": ("count", "SUM", None),
    "DASHBOARD_VIEWS": ("count", "SUM", None),
    "DATA_TRANSFER_BYTES": ("bytes", "SUM", None),
    "ML_INFERENCE_REQUESTS": ("count", "SUM", None),
    "PIPELINE_RUNS": ("count", "SUM", None),
    "QUERY_EXECUTIONS": ("count", "SUM", None),
    "STORAGE_BYTES": ("bytes", "MAX", None),
}


def test_ten_meters_exist_from_the_start(stranger: Api) -> None:
    body = json_of(stranger.get("/meters?sort=metricType&direction=asc"))

    shown = {m["metricType"]: (m["unit"], m["aggregation"], m["uniqueField"]) for m in body["data"]}
    assert shown == BUILT_IN
    assert body["pagination"]["totalElements"] == 10


def test_a_meter_that_was_made_is_shown_to_everyone(admin: Api, stranger: Api) -> None:
    made = json_of(admin.post("/meters", TOKENS), 201)

    assert made == {**TOKENS, "uniqueField": None, "isActive": True}
    assert json_of(stranger.get("/meters/TOKENS")) == made


def test_the_example_of_the_document_is_what_happens(admin: Api) -> None:
    made = json_of(admin.post("/meters", examples.METER_REQUEST), 201)
    changed = json_of(admin.patch("/meters/TOKENS", examples.METER_PATCH))

    assert made == examples.METER
    assert changed == {**examples.METER, **examples.METER_PATCH}


def test_a_unique_meter_names_what_shall_be_distinct(admin: Api) -> None:
    made = admin.post("/meters", {**TOKENS, "aggregation": "UNIQUE", "uniqueField": "device"})

    assert json_of(made, 201)["uniqueField"] == "device"


@pytest.mark.parametrize("fields", [{"aggregation": "UNIQUE"}, {"uniqueField": "device"}])
def test_a_unique_field_goes_with_unique_only(admin: Api, fields: dict[str, str]) -> None:
    response = admin.post("/meters", {**TOKENS, **fields})

    assert fields_of(response) == ["uniqueField"]


def test_a_name_that_is_taken_is_a_conflict(admin: Api) -> None:
    admin.post("/meters", TOKENS)

    response = admin.post("/meters", {**TOKENS, "name": "Others"})

    assert error_of(response) == (409, "ALREADY_EXISTS")
    assert json_of(admin.get("/meters/TOKENS"))["name"] == "Tokens"


@pytest.mark.parametrize(
    "name", ["a/b", " TOKENS", "TOKENS\n", ".", "..", "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"]
)
def test_a_name_that_no_path_could_hold_is_refused(admin: Api, name: str) -> None:
    assert fields_of(admin.post("/meters", {**TOKENS, "metricType": name})) == ["metricType"]


def test_a_name_may_have_spaces_inside_and_other_letters(admin: Api) -> None:
    json_of(admin.post("/meters", {**TOKENS, "metricType": "Größe in GiB"}), 201)

    assert json_of(admin.get("/meters/Gr%C3%B6%C3%9Fe%20in%20GiB"))["name"] == "Tokens"


def test_only_what_is_given_changes(admin: Api) -> None:
    admin.post("/meters", TOKENS)

    changed = json_of(admin.patch("/meters/TOKENS", {"unit": "kilotokens"}))

    expected = {**TOKENS, "unit": "kilotokens", "uniqueField": None, "isActive": True}
    assert changed == expected


def test_an_unused_meter_may_be_made_unique_and_back(admin: Api) -> None:
    admin.post("/meters", TOKENS)

    unique = admin.patch("/meters/TOKENS", {"aggregation": "UNIQUE", "uniqueField": "device"})
    back = admin.patch("/meters/TOKENS", {"aggregation": "SUM", "uniqueField": None})

    assert json_of(unique)["uniqueField"] == "device"
    assert json_of(back)["uniqueField"] is None


def test_a_charged_meter_keeps_its_aggregation(admin: Api) -> None:
    admin.post("/meters", TOKENS)
    json_of(admin.post("/plans", plan(charges=[charge(metricType="TOKENS")])), 201)

    refused = admin.patch("/meters/TOKENS", {"aggregation": "MAX"})
    allowed = admin.patch("/meters/TOKENS", {"name": "All tokens", "aggregation": "SUM"})

    assert error_of(refused) == (409, "METER_IN_USE")
    assert json_of(allowed)["name"] == "All tokens"


def test_the_list_can_be_of_the_active_ones(admin: Api) -> None:
    admin.patch("/meters/API_CALLS", {"isActive": False})

    active = json_of(admin.get("/meters?active=true"))["data"]
    retired = json_of(admin.get("/meters?active=false"))["data"]

    assert "API_CALLS" not in {meter["metricType"] for meter in active}
    assert [meter["metricType"] for meter in retired] == ["API_CALLS"]


def test_a_meter_that_is_not_there_is_a_404(admin: Api) -> None:
    assert error_of(admin.get("/meters/NOTHING")) == (404, "NOT_FOUND")
    assert error_of(admin.patch("/meters/NOTHING", {"name": "x"})) == (404, "NOT_FOUND")


@pytest.mark.parametrize("roles", [(), ("service",)])
def test_only_billing_admin_writes(api: Any, roles: tuple[str, ...]) -> None:
    caller = api(*roles)

    assert error_of(caller.post("/meters", TOKENS)) == (403, "FORBIDDEN")
    assert error_of(caller.patch("/meters/API_CALLS", {"name": "x"})) == (403, "FORBIDDEN")
    assert json_of(caller.get("/meters/API_CALLS"))["name"] == "API calls"
