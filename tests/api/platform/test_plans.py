"""`/plans` through HTTP: shapes, versions, the default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform import examples
from tests.api.platform.plan_bodies import MODELS, STEPS, charge, make, masked, plan
from tests.client import Api, error_of, json_of

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
        "taxBehavior": "EXCLUSIVE",
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
