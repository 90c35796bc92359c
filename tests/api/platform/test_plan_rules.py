"""Plans that are refused: each with the field that is wrong, and nothing made."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Plan
from tests.api.platform.plan_bodies import MODELS, charge, plan, without
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db

OPEN = {"upTo": None, "unitPrice": "1"}


def tier(up_to: Any, price: Any = "1", **fields: Any) -> dict[str, Any]:
    return {"upTo": up_to, "unitPrice": price, **fields}


def tiers(*given: dict[str, Any]) -> dict[str, Any]:
    return charge("GRADUATED", tiers=list(given))


BAD_CHARGES: list[tuple[dict[str, Any], list[str]]] = [
    (without(charge(), "model"), ["model"]),
    (without(charge(), "metricType"), ["metricType"]),
    ({**charge(), "model": "PER_SEAT"}, ["model"]),
    (charge(metricType="NOTHING"), ["metricType"]),
    (charge(unitprice="1"), ["unitprice"]),
    (charge(id="x"), ["id"]),
    # Each model's own fields, needed and not another's.
    (without(charge("PER_UNIT"), "unitPrice"), ["unitPrice"]),
    (charge("PER_UNIT", unitPrice=None), ["unitPrice"]),
    (without(charge("PACKAGE"), "packageSize"), ["packageSize"]),
    (without(charge("PACKAGE"), "packagePrice"), ["packagePrice"]),
    (without(charge("PERCENTAGE"), "rate"), ["rate"]),
    (without(charge("GRADUATED"), "tiers"), ["tiers"]),
    (charge("PER_UNIT", rate="1"), ["rate"]),
    (charge("PER_UNIT", tiers=[OPEN]), ["tiers"]),
    (charge("VOLUME", unitPrice="1"), ["unitPrice"]),
    (charge("PACKAGE", fixedFee="1"), ["fixedFee"]),
    # Numbers.
    (charge(unitPrice="-0.01"), ["unitPrice"]),
    (charge(unitPrice="0.0000000000001"), ["unitPrice"]),
    (charge(unitPrice="1234567890123456"), ["unitPrice"]),
    (charge("PACKAGE", packageSize="0"), ["packageSize"]),
    (charge("PACKAGE", packageSize="-1"), ["packageSize"]),
    (charge("PERCENTAGE", rate="-1"), ["rate"]),
    (charge("PERCENTAGE", fixedFee="-1"), ["fixedFee"]),
    (charge(includedQuantity="-1"), ["includedQuantity"]),
    (charge(minimumAmount="-1"), ["minimumAmount"]),
    (charge(minimumAmount="1.001"), ["minimumAmount"]),
    (charge(minimumAmount="1.000"), ["minimumAmount"]),
    (charge(maximumAmount="1.001"), ["maximumAmount"]),
    (charge(maximumAmount="100000000000000"), ["maximumAmount"]),
    (charge(minimumAmount="10", maximumAmount="9.99"), ["maximumAmount"]),
    # Tiers.
    (charge("GRADUATED", tiers=[]), ["tiers"]),
    (charge("GRADUATED", tiers="x"), ["tiers"]),
    (charge("GRADUATED", tiers=[1]), ["tiers[0]"]),
    (charge("GRADUATED", tiers=[None]), ["tiers[0]"]),
    (tiers(tier("10")), ["tiers[0].upTo"]),
    (tiers(tier("10"), tier("5"), OPEN), ["tiers[1].upTo"]),
    (tiers(tier("10"), tier("10"), OPEN), ["tiers[1].upTo"]),
    (tiers(tier("0"), OPEN), ["tiers[0].upTo"]),
    (tiers(tier("-1"), OPEN), ["tiers[0].upTo"]),
    (tiers(OPEN, OPEN), ["tiers[0].upTo"]),
    (tiers(OPEN, tier("5")), ["tiers[0].upTo", "tiers[1].upTo"]),
    (tiers(tier("10", "-1"), OPEN), ["tiers[0].unitPrice"]),
    (tiers(tier("10", flatFee="-1"), OPEN), ["tiers[0].flatFee"]),
    (tiers(tier("10", None), OPEN), ["tiers[0].unitPrice"]),
    (tiers(tier("10", price="1", flatfee="1"), OPEN), ["tiers[0].flatfee"]),
    (tiers(*[tier(str(n + 1)) for n in range(100)], OPEN), ["tiers"]),
    (charge("STAIRCASE", tiers=[OPEN]), ["tiers[0].unitPrice", "tiers[0].flatFee"]),
    # Filters.
    (charge(filter="eu"), ["filter"]),
    (charge(filter=["eu"]), ["filter"]),
    (charge(filter={"region": None}), ["filter.region"]),
    (charge(filter={"region": ["eu"]}), ["filter.region"]),
    (charge(filter={"region": {"a": 1}}), ["filter.region"]),
    (charge(filter={"": "eu"}), ["filter."]),
    (charge(filter={"region": "e" * 256}), ["filter.region"]),
    (charge(filter={str(n): n for n in range(11)}), ["filter"]),
    (charge(filter={"n": 10**15}), ["filter.n"]),
]


@pytest.mark.parametrize(("given", "fields"), BAD_CHARGES)
def test_a_wrong_charge_is_refused_by_its_field(
    admin: Api, given: dict[str, Any], fields: list[str]
) -> None:
    response = admin.post("/plans", plan(charges=[charge(filter={"a": 1}), given]))

    assert fields_of(response) == [f"charges[1].{field}" for field in fields]
    assert not Plan.objects.exists()


def test_a_wrong_charge_is_refused_in_a_patch_too(admin: Api) -> None:
    made = json_of(admin.post("/plans", plan()), 201)

    for given in (without(charge(), "model"), charge(unitPrice=None), charge(tiers=[OPEN])):
        response = admin.patch(f"/plans/{made['id']}", {"charges": [given]})

        assert fields_of(response)[0].startswith("charges[0].")
    assert json_of(admin.get(f"/plans/{made['code']}")) == made


@pytest.mark.parametrize(
    ("charges", "fields"),
    [
        ([charge(), charge("PACKAGE")], ["charges[1].metricType"]),
        ([charge(), charge(filter={})], ["charges[1].metricType"]),
        ([charge(filter={"a": 1}), charge(filter={"a": 1})], ["charges[1].filter"]),
        (
            [charge(filter={"a": 1, "b": "x"}), charge(filter={"b": "x", "a": 1})],
            ["charges[1].filter"],
        ),
    ],
)
def test_two_charges_for_the_same_events_are_refused(
    admin: Api, charges: list[Any], fields: list[str]
) -> None:
    assert fields_of(admin.post("/plans", plan(charges=charges))) == fields


def test_filters_that_differ_in_a_values_type_are_two(admin: Api) -> None:
    charges = [charge(filter={"a": value}) for value in (1, "1", True, "true")]

    json_of(admin.post("/plans", plan(charges=charges)), 201)


def test_one_and_one_point_zero_are_one_number_in_a_filter(admin: Api) -> None:
    raw = (
        b'{"code":"n","name":"N","currency":"USD","interval":"DAY","price":"1","charges":['
        b'{"metricType":"API_CALLS","model":"PER_UNIT","unitPrice":"1","filter":{"a":1}},'
        b'{"metricType":"API_CALLS","model":"PER_UNIT","unitPrice":"1","filter":{"a":1.0}}]}'
    )

    assert fields_of(admin.send("POST", "/plans", raw=raw)) == ["charges[1].filter"]


def test_every_wrong_field_is_named_at_once(admin: Api) -> None:
    body = plan(price="-1", minimumCommitment="0.001", charges=[charge(unitPrice="-1")])

    fields = fields_of(admin.post("/plans", body))

    assert fields == ["price", "minimumCommitment", "charges[0].unitPrice"]


BAD_PLANS: list[tuple[dict[str, Any], list[str]]] = [
    ({"code": ""}, ["code"]),
    ({"code": "  "}, ["code"]),
    ({"code": "a/b"}, ["code"]),
    ({"code": "a" * 256}, ["code"]),
    ({"code": None}, ["code"]),
    ({"code": 7}, ["code"]),
    ({"name": ""}, ["name"]),
    ({"name": "n" * 256}, ["name"]),
    ({"description": "d" * 2001}, ["description"]),
    ({"currency": "usd"}, ["currency"]),
    ({"currency": "XAU"}, ["currency"]),
    ({"currency": "ZZZ"}, ["currency"]),
    ({"currency": None}, ["currency"]),
    ({"interval": "month"}, ["interval"]),
    ({"interval": ["MONTH"]}, ["interval"]),
    ({"price": "-1"}, ["price"]),
    ({"price": "1.234"}, ["price"]),
    ({"price": "1.5", "currency": "JPY"}, ["price"]),
    ({"price": None}, ["price"]),
    ({"price": True}, ["price"]),
    ({"price": "10000000000000.01"}, ["price"]),
    ({"minimumCommitment": "-0.01"}, ["minimumCommitment"]),
    ({"trialDays": -1}, ["trialDays"]),
    ({"trialDays": 3651}, ["trialDays"]),
    ({"trialDays": "7"}, ["trialDays"]),
    ({"trialDays": True}, ["trialDays"]),
    ({"payInAdvance": "yes"}, ["payInAdvance"]),
    ({"payInAdvance": 1}, ["payInAdvance"]),
    ({"isActive": None}, ["isActive"]),
    ({"sortOrder": 2**31}, ["sortOrder"]),
    ({"charges": {}}, ["charges"]),
    ({"charges": None}, ["charges"]),
    ({"charges": ["x"]}, ["charges[0]"]),
    ({"charges": [charge(filter={"n": n}) for n in range(101)]}, ["charges"]),
    ({"limits": [{"serviceName": "a", "featureKey": "b"}]}, ["limits[0].value"]),
    *(
        (
            {"limits": [{"serviceName": name, "featureKey": "b", "value": 1}]},
            ["limits[0].serviceName"],
        )
        for name in ("usage", "ip", "users", "consume", "a/b", ".", "..", " a", "a\n")
    ),
    *(
        (
            {"limits": [{"serviceName": "a", "featureKey": key, "value": 1}]},
            ["limits[0].featureKey"],
        )
        for key in ("a/b", "..", "b ")
    ),
    ({"limits": [{"serviceName": "a", "featureKey": "b", "value": -2}]}, ["limits[0].value"]),
    ({"limits": [{"serviceName": "a", "featureKey": "b", "value": 10**16}]}, ["limits[0].value"]),
    (
        {"limits": [{"serviceName": "a", "featureKey": "b", "value": 1, "window": "week"}]},
        ["limits[0].window"],
    ),
    (
        {"limits": [{"serviceName": "a", "featureKey": "b", "value": n} for n in (1, 2)]},
        ["limits[1].featureKey"],
    ),
    (
        {"limits": [{"serviceName": "a", "featureKey": f"{n}", "value": 1} for n in range(201)]},
        ["limits"],
    ),
    ({"version": 3}, ["version"]),
]


@pytest.mark.parametrize(("change", "fields"), BAD_PLANS)
def test_a_wrong_plan_is_refused_by_its_field(
    admin: Api, change: dict[str, Any], fields: list[str]
) -> None:
    assert fields_of(admin.post("/plans", plan(**change))) == fields
    assert not Plan.objects.exists()


@pytest.mark.parametrize("name", ["code", "name", "currency", "interval", "price"])
def test_what_a_plan_needs_is_asked_for(admin: Api, name: str) -> None:
    assert fields_of(admin.post("/plans", without(plan(), name))) == [name]


def test_a_code_stays(admin: Api) -> None:
    made = json_of(admin.post("/plans", plan()), 201)

    assert fields_of(admin.patch(f"/plans/{made['id']}", {"code": "other"})) == ["code"]


def test_a_meter_that_is_not_active_takes_no_new_charge(admin: Api) -> None:
    made = json_of(admin.post("/plans", plan(charges=[charge()])), 201)
    admin.patch("/meters/API_CALLS", {"isActive": False})

    refused = admin.post("/plans", plan(charges=[charge()]))
    copied = admin.patch(f"/plans/{made['id']}", {"price": "31"})

    assert fields_of(refused) == ["charges[0].metricType"]
    assert len(json_of(copied)["charges"]) == 1


@pytest.mark.parametrize("model", MODELS)
def test_zero_is_a_price(admin: Api, model: str) -> None:
    free = {"unitPrice": "0", "packagePrice": "0", "rate": "0", "fixedFee": "0"}
    fields = {name: value for name, value in free.items() if name in MODELS[model]}

    json_of(admin.post("/plans", plan(price="0", charges=[charge(model, **fields)])), 201)


def test_the_largest_price_is_stored(admin: Api) -> None:
    made = json_of(admin.post("/plans", plan(price="10000000000000")), 201)

    assert made["price"] == "10000000000000.00"


def test_a_hundred_charges_of_a_hundred_tiers_are_taken(admin: Api) -> None:
    many = [tier(str(n + 1)) for n in range(99)] + [OPEN]
    charges = [charge("GRADUATED", tiers=many, filter={"n": n}) for n in range(100)]

    made = json_of(admin.post("/plans", plan(charges=charges)), 201)

    assert len(made["charges"]) == 100
    assert len(made["charges"][99]["tiers"]) == 100
    assert error_of(admin.post("/plans", plan(code=made["code"])))[0] == 409
