"""What a change of a plan does: versions, the default, the archive."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform.plan_bodies import charge, make, masked, plan
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db


def test_a_price_makes_a_version_and_the_old_one_stays(admin: Api) -> None:
    first = make(admin, charges=[charge()])

    second = json_of(admin.patch(f"/plans/{first['code']}", {"price": "40"}))

    assert (second["version"], second["price"]) == (2, "40.00")
    assert second["id"] != first["id"]
    assert masked(second)["charges"] == masked(first)["charges"]
    assert second["charges"][0]["id"] != first["charges"][0]["id"]
    assert json_of(admin.get(f"/plans/{first['id']}")) == first
    assert json_of(admin.get(f"/plans/{first['code']}")) == second


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "EUR"},
        {"interval": "YEAR"},
        {"payInAdvance": True},
        {"trialDays": 7},
        {"minimumCommitment": "100"},
        {"taxCategory": "REDUCED"},
        {"stripePriceId": "price_1"},
        {"charges": [charge("PACKAGE")]},
        {"charges": [charge(filter={"beta": True})]},
        {"charges": []},
    ],
)
def test_whatever_is_about_prices_makes_a_version(admin: Api, change: dict[str, Any]) -> None:
    first = make(admin, charges=[charge(filter={"beta": 1})])

    second = json_of(admin.patch(f"/plans/{first['id']}", change))

    assert second["version"] == 2
    assert json_of(admin.get(f"/plans/{first['id']}")) == first


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "Pro"},
        {"price": "30"},
        {"price": 30, "interval": "MONTH", "minimumCommitment": None},
        {"charges": [charge(filter={"n": 1}, unitPrice="0.00350")]},
    ],
)
def test_what_changes_nothing_makes_no_version(admin: Api, change: dict[str, Any]) -> None:
    first = make(admin, charges=[charge(filter={"n": 1})])

    assert json_of(admin.patch(f"/plans/{first['code']}", change)) == first


def test_names_and_limits_change_for_every_version(admin: Api) -> None:
    first = make(admin, limits=[{"serviceName": "a", "featureKey": "b", "value": 5}])
    second = json_of(admin.patch(f"/plans/{first['code']}", {"price": "40"}))
    change = {
        "name": "Professional",
        "description": "More",
        "sortOrder": -3,
        "limits": [{"serviceName": "a", "featureKey": "c", "value": -1, "window": "hour"}],
    }

    answer = json_of(admin.patch(f"/plans/{first['id']}", change))

    shown = {
        **change,
        "limits": [
            {
                "serviceName": "a",
                "featureKey": "c",
                "value": -1,
                "window": "hour",
                "description": "",
            }
        ],
    }
    assert answer == {**first, **shown}
    assert json_of(admin.get(f"/plans/{second['id']}")) == {**second, **shown}


def test_prices_of_an_older_version_cant_change(admin: Api) -> None:
    first = make(admin)
    admin.patch(f"/plans/{first['code']}", {"price": "40"})

    refused = admin.patch(f"/plans/{first['id']}", {"price": "50", "name": "Other"})
    same = admin.patch(f"/plans/{first['id']}", {"price": "30.00"})

    assert error_of(refused) == (409, "PLAN_VERSION_SUPERSEDED")
    assert json_of(same) == first
    assert json_of(admin.get(f"/plans/{first['code']}"))["name"] == "Pro"


def test_null_clears_a_minimum_commitment(admin: Api) -> None:
    made = make(admin, minimumCommitment="10")

    body = json_of(admin.patch(f"/plans/{made['id']}", {"minimumCommitment": None}))

    assert (body["version"], body["minimumCommitment"]) == (2, None)


def test_another_currency_takes_amounts_that_fit_it(admin: Api) -> None:
    round_one = make(admin, charges=[charge(minimumAmount="5.00")])
    odd = make(admin, price="30.50", charges=[charge(minimumAmount="5.25")])

    in_yen = json_of(admin.patch(f"/plans/{round_one['id']}", {"currency": "JPY"}))
    refused = admin.patch(f"/plans/{odd['id']}", {"currency": "JPY"})

    assert (in_yen["price"], in_yen["charges"][0]["minimumAmount"]) == ("30", "5")
    assert fields_of(refused) == ["price", "charges[0].minimumAmount"]


def test_one_default_takes_the_place_of_the_other(admin: Api) -> None:
    first = make(admin, isDefault=True)
    second = make(admin, isDefault=True)
    third = make(admin)

    json_of(admin.patch(f"/plans/{third['code']}", {"isDefault": True}))

    shown = {p["id"]: p["isDefault"] for p in json_of(admin.get("/plans"))["data"]}
    assert shown == {first["id"]: False, second["id"]: False, third["id"]: True}


@pytest.mark.parametrize("change", [{"isDefault": False}, {"isActive": False}])
def test_the_default_gives_way_only_to_another(admin: Api, change: dict[str, Any]) -> None:
    made = make(admin, isDefault=True)

    refused = admin.patch(f"/plans/{made['id']}", change)

    assert error_of(refused) == (409, "PLAN_IS_DEFAULT")
    assert error_of(admin.post(f"/plans/{made['id']}/archive")) == (409, "PLAN_IS_DEFAULT")
    assert json_of(admin.get(f"/plans/{made['id']}")) == made


def test_an_archived_plan_is_no_default(admin: Api) -> None:
    default = make(admin, isDefault=True)
    made = make(admin, isActive=False)

    refused = admin.patch(f"/plans/{made['id']}", {"isDefault": True})
    both = admin.patch(f"/plans/{made['id']}", {"isDefault": True, "isActive": True})

    assert error_of(refused) == (409, "PLAN_ARCHIVED")
    assert error_of(admin.post("/plans", plan(isActive=False, isDefault=True))) == (
        409,
        "PLAN_ARCHIVED",
    )
    assert json_of(both)["isDefault"] is True
    assert json_of(admin.get(f"/plans/{default['id']}"))["isDefault"] is False


def test_archiving_takes_a_plan_off_the_offer_once(admin: Api) -> None:
    made = make(admin)

    once = json_of(admin.post(f"/plans/{made['code']}/archive"))
    again = json_of(admin.post(f"/plans/{made['id']}/archive"))

    assert once == again == {**made, "isActive": False}
    assert json_of(admin.get("/plans?active=true"))["data"] == []
    assert json_of(admin.get("/plans?active=false"))["data"] == [once]
