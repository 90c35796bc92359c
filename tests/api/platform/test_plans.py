"""`/plans` through HTTP: shapes, versions, the default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform import examples
from tests.api.platform.plan_bodies import MODELS, STEPS, charge, plan
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db

CHARGE = {
    "metricType": "API_CALLS",
    "description": None,
    "includedQuantity": None,
    "filter": None,
    "minimumAmount": None,
    "maximumAmount": None,
    "taxCategory": "STANDARD",
}


SHOWN_TIERS = [
    {"upTo": "1000", "unitPrice": "0.02", "flatFee": None},
    {"upTo": "5000", "unitPrice": "0.015", "flatFee": "3"},
    {"upTo": None, "unitPrice": "0.01", "flatFee": None},
]
QUERIES = 5  # the count, the page, its charges, their meters, its limits


def make(admin: Api, **fields: Any) -> Any:
    return json_of(admin.post("/plans", plan(**fields)), 201)


def masked(body: Any) -> Any:
    """Blank what differs each time: ids and the time."""
    charges = [{**charge, "id": "?"} for charge in body["charges"]]
    return {**body, "id": "?", "createdAt": "?", "charges": charges}


def test_a_plan_shows_every_field_of_the_contract(admin: Api) -> None:
    body = make(admin, code="plain")

    assert body.pop("id").count("-") == 4
    assert body.pop("createdAt").endswith("Z")
    assert body == {
        "code": "plain",
        "name": "Pro",
        "description": "",
        "version": 1,
        "currency": "USD",
        "interval": "MONTH",
        "price": "30.00",
        "payInAdvance": False,
        "trialDays": 0,
        "isActive": True,
        "isDefault": False,
        "sortOrder": 0,
        "stripePriceId": None,
        "taxCategory": "STANDARD",
        "minimumCommitment": None,
        "charges": [],
        "limits": [],
    }


def test_the_example_of_the_document_is_what_happens(admin: Api) -> None:
    made = json_of(admin.post("/plans", examples.PLAN_REQUEST), 201)
    changed = json_of(admin.patch("/plans/pro", examples.PLAN_PATCH))

    assert masked(made) == masked(examples.PLAN)
    assert masked(changed) == masked({**examples.PLAN, **examples.PLAN_PATCH, "version": 2})


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("PER_UNIT", {"unitPrice": "0.0035"}),
        ("PACKAGE", {"packageSize": "1000", "packagePrice": "0.01"}),
        ("GRADUATED", {"tiers": SHOWN_TIERS}),
        ("VOLUME", {"tiers": SHOWN_TIERS}),
        ("PERCENTAGE", {"rate": "1.25", "fixedFee": "0.3"}),
        ("STAIRCASE", {"tiers": STEPS}),
    ],
)
def test_a_charge_shows_its_own_models_fields(admin: Api, model: str, shown: Any) -> None:
    [body] = make(admin, charges=[charge(model)])["charges"]

    del body["id"]
    assert body == {**CHARGE, "model": model, **shown}


@pytest.mark.parametrize(
    ("currency", "price"), [("USD", "12.50"), ("JPY", "1250"), ("KWD", "1.250"), ("CLF", "1.2500")]
)
def test_money_has_the_currencys_decimals(admin: Api, currency: str, price: str) -> None:
    amount = price.rstrip("0") if "." in price else price

    body = make(
        admin,
        currency=currency,
        price=amount,
        minimumCommitment=amount,
        charges=[charge(minimumAmount=amount, maximumAmount=amount)],
    )

    assert (body["price"], body["minimumCommitment"]) == (price, price)
    assert body["charges"][0]["minimumAmount"] == price
    assert body["charges"][0]["maximumAmount"] == price


def test_json_numbers_are_read_as_they_are_written(admin: Api) -> None:
    raw = (
        b'{"code":"n","name":"N","currency":"USD","interval":"DAY","price":0.10,"charges":['
        b'{"metricType":"API_CALLS","model":"PER_UNIT","unitPrice":0.000000000001}]}'
    )

    body = json_of(admin.send("POST", "/plans", raw=raw), 201)

    assert (body["price"], body["charges"][0]["unitPrice"]) == ("0.10", "0.000000000001")


def test_a_filter_comes_back_as_it_was(admin: Api) -> None:
    wanted = {"region": "eu", "tier": 2, "ratio": 0.5, "beta": True}

    body = make(admin, charges=[charge(filter=wanted), charge(filter={"region": "us"}), charge()])

    assert [c["filter"] for c in body["charges"]] == [wanted, {"region": "us"}, None]
    assert body["charges"][0]["filter"]["beta"] is True


def test_an_id_and_a_code_lead_to_the_same_plan(admin: Api, stranger: Api) -> None:
    made = make(admin)

    assert json_of(stranger.get(f"/plans/{made['id']}")) == made
    assert json_of(stranger.get(f"/plans/{made['id'].upper()}")) == made
    assert json_of(stranger.get(f"/plans/{made['code']}")) == made


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


def test_the_list_has_each_plan_once_in_its_newest_version(admin: Api) -> None:
    one, two = make(admin, sortOrder=2), make(admin, sortOrder=1)
    newest = json_of(admin.patch(f"/plans/{one['id']}", {"price": "31"}))

    by_order = json_of(admin.get("/plans?sort=sortOrder&direction=asc"))
    by_default = json_of(admin.get("/plans"))

    assert by_order["data"] == [two, newest]
    assert by_default["data"] == [newest, two]
    assert by_default["pagination"]["totalElements"] == 2


def test_a_list_of_fifty_takes_as_many_queries_as_of_one(
    admin: Api, django_assert_num_queries: Any
) -> None:
    make(admin, charges=[charge()])
    with django_assert_num_queries(QUERIES):
        json_of(admin.get("/plans?size=100"))

    for model in [*MODELS] * 9:
        make(
            admin,
            charges=[charge(model)],
            limits=[{"serviceName": "a", "featureKey": "b", "value": 5}],
        )

    with django_assert_num_queries(QUERIES):
        assert len(json_of(admin.get("/plans?size=100"))["data"]) == 55


def test_a_code_that_is_taken_is_a_conflict(admin: Api) -> None:
    made = make(admin)

    assert error_of(admin.post("/plans", plan(code=made["code"]))) == (409, "ALREADY_EXISTS")


def test_a_plan_that_is_not_there_is_a_404(admin: Api) -> None:
    for reference in ("nothing", "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"):
        assert error_of(admin.get(f"/plans/{reference}")) == (404, "NOT_FOUND")
        assert error_of(admin.patch(f"/plans/{reference}", {"price": "1"})) == (404, "NOT_FOUND")
        assert error_of(admin.post(f"/plans/{reference}/archive")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("roles", [(), ("service",)])
def test_only_billing_admin_writes(admin: Api, api: Any, roles: tuple[str, ...]) -> None:
    made, caller = make(admin), api(*roles)

    assert error_of(caller.post("/plans", plan())) == (403, "FORBIDDEN")
    assert error_of(caller.patch(f"/plans/{made['id']}", {"price": "1"})) == (403, "FORBIDDEN")
    assert error_of(caller.post(f"/plans/{made['id']}/archive")) == (403, "FORBIDDEN")
    assert json_of(caller.get(f"/plans/{made['id']}")) == made
