"""`/tenants` through HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.platform import tenant_examples as examples
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db


def make(admin: Api, **fields: Any) -> Any:
    return json_of(admin.post("/tenants", {"name": "Acme", **fields}), 201)


def test_a_tenant_shows_every_field_of_the_contract(admin: Api) -> None:
    body = make(admin)

    assert body.pop("id").count("-") == 4
    assert body.pop("createdAt").endswith("Z")
    assert body == {
        "customerId": None,
        "name": "Acme",
        "currency": "USD",
        "timezone": "UTC",
        "billingEmail": None,
        "address": None,
        "taxId": None,
        "budget": None,
        "creditBalance": "0.00",
        "testClockId": None,
    }


def test_the_example_of_the_document_is_what_happens(admin: Api) -> None:
    body = json_of(admin.post("/tenants", examples.REQUEST), 201)

    expected = {**examples.ANSWER, "id": body["id"], "createdAt": body["createdAt"]}
    assert body == expected
    assert json_of(admin.get(f"/tenants/{body['id']}")) == body


def test_only_what_is_given_changes_and_null_clears(admin: Api) -> None:
    made = make(admin, taxId="DE1", budget="100", address={"city": "Berlin", "country": "DE"})

    changed = json_of(
        admin.patch(f"/tenants/{made['id']}", {"name": "Other", "taxId": None, "budget": "7.5"})
    )

    assert changed == {**made, "name": "Other", "taxId": None, "budget": "7.50"}


def test_a_budget_keeps_its_amount_in_another_currency(admin: Api) -> None:
    whole, odd = make(admin, budget="1000.00"), make(admin, budget="10.50")

    in_yen = json_of(admin.patch(f"/tenants/{whole['id']}", {"currency": "JPY"}))
    refused = admin.patch(f"/tenants/{odd['id']}", {"currency": "JPY"})
    given = json_of(admin.patch(f"/tenants/{odd['id']}", {"currency": "JPY", "budget": "11"}))

    assert in_yen["budget"] == "1000"
    assert fields_of(refused) == ["budget"]
    assert (given["currency"], given["budget"]) == ("JPY", "11")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": None}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": "n" * 256}, ["name"]),
        ({"currency": "eur"}, ["currency"]),
        ({"currency": "XTS"}, ["currency"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"timezone": "../../etc/passwd"}, ["timezone"]),
        ({"timezone": "localtime"}, ["timezone"]),
        ({"billingEmail": "nobody"}, ["billingEmail"]),
        ({"billingEmail": "a@b.c\nBcc: d@e.f"}, ["billingEmail"]),
        ({"address": "Berlin"}, ["address"]),
        ({"address": {"country": "Germany"}}, ["address.country"]),
        ({"address": {"zip": "10119"}}, ["address.zip"]),
        ({"budget": "-1"}, ["budget"]),
        ({"budget": "0.001"}, ["budget"]),
        ({"budget": "0.5", "currency": "JPY"}, ["budget"]),
        ({"customerId": "x"}, ["customerId"]),
        ({"customerId": str(uuid4())}, ["customerId"]),
        ({"testClockId": str(uuid4())}, ["testClockId"]),
        ({"Name": "x"}, ["Name"]),
    ],
)
def test_a_wrong_tenant_is_refused_by_its_field(
    admin: Api, fields: dict[str, Any], wrong: list[str]
) -> None:
    assert fields_of(admin.post("/tenants", {"name": "Acme", **fields})) == wrong
    assert json_of(admin.get("/tenants"))["data"] == []


def test_null_is_absence_where_a_field_may_be_absent(admin: Api) -> None:
    absent = dict.fromkeys(("customerId", "billingEmail", "address", "taxId", "testClockId"))

    assert make(admin, **absent)["address"] is None


def test_an_empty_part_of_an_address_is_as_if_left_out(admin: Api) -> None:
    made = make(admin, address={"line1": "", "line2": "", "city": "Berlin", "postalCode": ""})

    assert made["address"] == {"city": "Berlin"}


def test_the_newest_comes_first_and_pages_lose_nobody(admin: Api) -> None:
    made = [make(admin, name=f"T{n}")["id"] for n in range(5)]

    pages = [json_of(admin.get(f"/tenants?size=2&page={n}")) for n in range(4)]

    assert [row["id"] for page in pages for row in page["data"]] == made[::-1]
    assert [page["pagination"]["hasNext"] for page in pages] == [True, True, False, False]
    expected = {"page": 3, "size": 2, "totalElements": 5, "totalPages": 3, "hasNext": False}
    assert pages[3]["pagination"] == expected


def test_a_list_of_fifty_takes_as_many_queries_as_of_one(
    admin: Api, django_assert_num_queries: Any
) -> None:
    make(admin)
    with django_assert_num_queries(2):
        json_of(admin.get("/tenants?size=100"))

    for n in range(49):
        make(admin, name=f"T{n}")

    with django_assert_num_queries(2):
        assert len(json_of(admin.get("/tenants?size=100"))["data"]) == 50


def test_a_stranger_cant_tell_an_unknown_tenant_from_anothers(
    tenant: dict[str, Any], stranger: Api, admin: Api
) -> None:
    unknown = uuid4()

    assert error_of(stranger.get(f"/tenants/{tenant['id']}")) == (403, "TENANT_MISMATCH")
    assert error_of(stranger.get(f"/tenants/{unknown}")) == (403, "TENANT_MISMATCH")
    assert error_of(admin.get(f"/tenants/{unknown}")) == (404, "TENANT_NOT_FOUND")


def test_a_bound_service_reaches_its_own_tenant_only(tenant: dict[str, Any], api: Any) -> None:
    bound = api("service", tenant_id=str(uuid4()))

    assert error_of(bound.get(f"/tenants/{tenant['id']}")) == (403, "TENANT_MISMATCH")
