"""Teams on surface A: each rule with its status, in the order in which the rules are looked at."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from billing.models import AuditEntry
from customers.models import Membership, Role
from tests import factories
from tests.api.portal.conftest import WHOLE, Team
from tests.client import Api, error_of, fields_of, json_of

ACKNOWLEDGED = {"message": "acknowledged"}


def body(user: Any, role: Any = "user") -> dict[str, Any]:
    return {"userID": str(user), "role": role}


def test_a_team_is_listed_owner_first_in_a_total_order(team: Team) -> None:
    first = json_of(team.admin.get("/customer/members?limit=2"))
    rest = json_of(team.admin.get("/customer/members?page=2&limit=3"))
    past = json_of(team.owner.get("/customer/members?page=9"))

    ids = [str(team.ids[name]) for name in WHOLE]
    assert [member["userID"] for member in first["members"]] == ids[:2]
    assert [member["role"] for member in first["members"]] == ["owner", "admin"]
    assert (first["items"], first["pages"]) == (5, 3)
    assert [member["userID"] for member in rest["members"]] == [ids[3], ids[4]]
    assert past == {"members": [], "items": 5, "pages": 1}


@pytest.mark.parametrize("query", ["page=0", "page=1.5", "limit=0", "limit=101", "page=", "pag=1"])
def test_a_bad_page_names_its_parameter(team: Team, query: str) -> None:
    name = query.partition("=")[0]

    assert fields_of(team.owner.get(f"/customer/members?{query}")) == [name]
    assert fields_of(team.staff.get(f"/admin/customer/{team.id}/members?{query}")) == [name]


@pytest.mark.parametrize(
    ("given", "role"), [("admin", "admin"), ("user", "user"), (1, "admin"), (2, "user")]
)
def test_a_role_is_taken_by_name_or_number_and_told_by_name(
    team: Team, given: Any, role: str
) -> None:
    user = uuid4()

    added = json_of(team.owner.post("/customer/member", body(user, given)), 201)

    assert added == ACKNOWLEDGED
    assert team.roles() == {**WHOLE, str(user): role}
    entry = AuditEntry.objects.get(action="member.added")
    assert (entry.account_id, entry.subject, entry.after) == (team.id, str(user), {"role": role})


@pytest.mark.parametrize("role", [3, "Owner", "ADMIN", "1", "", None, True, -1, [], {}])
def test_what_is_no_role_is_refused(team: Team, role: Any) -> None:
    for method, path in (
        ("POST", "/customer/member"),
        ("PUT", "/customer/member"),
    ):
        response = team.owner.send(method, path, body(uuid4(), role))
        assert fields_of(response) == ["role"]
    raw = f'{{"userID": "{uuid4()}", "role": 1.0}}'.encode()
    assert fields_of(team.owner.send("POST", "/customer/member", raw=raw)) == ["role"]
    assert team.roles() == WHOLE


@pytest.mark.parametrize("role", ["owner", 0])
def test_the_owners_role_is_given_by_a_transfer_alone(team: Team, role: Any) -> None:
    path = f"/admin/customer/{team.id}/member"
    asked = (
        team.owner.post("/customer/member", body(uuid4(), role)),
        team.admin.post("/customer/member", body(uuid4(), role)),
        team.owner.put("/customer/member", body(team.ids["user"], role)),
        team.staff.post(path, body(uuid4(), role)),
    )

    assert {error_of(response) for response in asked} == {(400, "OWNER_BY_TRANSFER")}
    assert team.roles() == WHOLE


def test_ids_are_taken_in_upper_case_and_not_in_braces(team: Team) -> None:
    user = uuid4()

    json_of(team.owner.post("/customer/member", body(str(user).upper())), 201)
    braces = team.owner.post("/customer/member", body(f"{{{uuid4()}}}"))
    path = team.owner.delete(f"/customer/member/{{{user}}}")
    gone = team.owner.delete(f"/customer/member/{str(user).upper()}")

    assert fields_of(braces) == ["userID"]
    assert fields_of(path) == ["userID"]
    assert (gone.status_code, gone.content) == (204, b"")
    assert team.roles() == WHOLE


def test_an_admin_may_add_an_admin_and_a_user_nobody(team: Team) -> None:
    refused = team.user.post("/customer/member", body(uuid4()))
    added = team.admin.post("/customer/member", body(uuid4(), "admin"))

    assert error_of(refused) == (403, "FORBIDDEN")
    assert added.status_code == 201


def test_who_belongs_to_a_customer_is_a_412_and_for_staff_a_409(team: Team) -> None:
    elsewhere = Membership.objects.get(customer=factories.customer()).user_id
    path = f"/admin/customer/{team.id}/member"

    for user in (team.ids["user"], elsewhere, team.ids["owner"]):
        mine = team.owner.post("/customer/member", body(user))
        staffs = team.staff.post(path, body(user))
        assert error_of(mine) == (412, "ALREADY_A_MEMBER")
        assert error_of(staffs) == (409, "ALREADY_A_MEMBER")
    assert team.roles() == WHOLE


@pytest.mark.parametrize(
    ("seats", "status"), [(6, 201), (5, 402), (4, 402), (0, 402), (-1, 201), (None, 201)]
)
def test_the_tiers_seats_count_the_owner(team: Team, seats: int | None, status: int) -> None:
    if seats is not None:
        factories.seats(team.customer, seats)

    response = team.admin.post("/customer/member", body(uuid4()))

    assert response.status_code == status
    assert len(team.roles()) == (6 if status == 201 else 5)


def test_a_full_team_is_said_before_a_member_elsewhere(team: Team) -> None:
    factories.seats(team.customer, 5)

    assert error_of(team.owner.post("/customer/member", body(team.ids["user"]))) == (
        402,
        "MEMBER_LIMIT_REACHED",
    )


def test_seats_do_not_bind_staff(team: Team) -> None:
    factories.seats(team.customer, 1)

    added = team.staff.post(f"/admin/customer/{team.id}/member", body(uuid4()))

    assert json_of(added, 201) == ACKNOWLEDGED


# Who asks, whom about, with which role; what comes of it.
CHANGES: list[tuple[str, str, Any, tuple[int, str]]] = [
    ("owner", "user", "admin", (200, "")),
    ("owner", "admin", 2, (200, "")),
    ("admin", "user", "admin", (200, "")),
    ("owner", "owner", "owner", (400, "NOT_ON_YOURSELF")),
    ("admin", "admin", "user", (400, "NOT_ON_YOURSELF")),
    ("admin", "owner", "user", (412, "OWNER_STAYS")),
    ("admin", "admin2", "user", (403, "ROLE_TOO_HIGH")),
    ("admin", "nobody", "user", (404, "NOT_FOUND")),
    ("owner", "nobody", "user", (404, "NOT_FOUND")),
    ("user", "user2", "admin", (403, "FORBIDDEN")),
    ("user", "user", "admin", (403, "FORBIDDEN")),
]


@pytest.mark.parametrize(("who", "whom", "role", "outcome"), CHANGES)
def test_changing_a_role(
    team: Team, who: str, whom: str, role: Any, outcome: tuple[int, str]
) -> None:
    ids = {**team.ids, "nobody": uuid4()}

    response = getattr(team, who).put("/customer/member", body(ids[whom], role))

    assert outcome_of(response) == outcome
    expected = Role.ADMIN.label if role == "admin" else Role.USER.label
    assert team.roles() == ({**WHOLE, whom: expected} if outcome[0] == 200 else WHOLE)


REMOVALS: list[tuple[str, str, tuple[int, str]]] = [
    ("owner", "admin", (204, "")),
    ("owner", "user", (204, "")),
    ("admin", "user", (204, "")),
    ("owner", "owner", (412, "NOT_ON_YOURSELF")),
    ("admin", "admin", (412, "NOT_ON_YOURSELF")),
    ("admin", "owner", (403, "OWNER_STAYS")),
    ("admin", "admin2", (403, "ROLE_TOO_HIGH")),
    ("admin", "nobody", (404, "NOT_FOUND")),
    ("user", "user2", (403, "FORBIDDEN")),
]


@pytest.mark.parametrize(("who", "whom", "outcome"), REMOVALS)
def test_removing_a_member(team: Team, who: str, whom: str, outcome: tuple[int, str]) -> None:
    ids = {**team.ids, "nobody": uuid4()}

    response = getattr(team, who).delete(f"/customer/member/{ids[whom]}")

    assert outcome_of(response) == outcome
    left = {name: role for name, role in WHOLE.items() if name != whom}
    assert team.roles() == (left if outcome[0] == 204 else WHOLE)


@pytest.mark.parametrize(
    ("whom", "outcome"),
    [
        ("admin", (204, "")),
        ("user", (204, "")),
        ("owner", (409, "OWNER_STAYS")),
        ("nobody", (404, "NOT_FOUND")),
    ],
)
def test_staff_removes_anyone_but_the_owner(
    team: Team, whom: str, outcome: tuple[int, str]
) -> None:
    ids = {**team.ids, "nobody": uuid4()}

    response = team.staff.delete(f"/admin/customer/{team.id}/member/{ids[whom]}")

    assert outcome_of(response) == outcome


def test_a_member_of_another_customer_is_no_member_here(team: Team) -> None:
    other = factories.customer(Role.USER)
    stranger = Membership.objects.get(customer=other, role=Role.USER).user_id
    asked = (
        team.owner.put("/customer/member", body(stranger)),
        team.owner.delete(f"/customer/member/{stranger}"),
        team.owner.post("/customer/transfer-ownership", {"userID": str(stranger)}),
        team.staff.delete(f"/admin/customer/{team.id}/member/{stranger}"),
    )

    assert {error_of(response) for response in asked} == {(404, "NOT_FOUND")}
    assert Membership.objects.filter(customer=other).count() == 2


def test_who_belongs_to_none_is_told_so(outsider: Api) -> None:
    asked = (
        outsider.get("/customer"),
        outsider.get("/customer/tier"),
        outsider.get("/customer/members"),
        outsider.post("/customer/member", body(uuid4())),
        outsider.delete("/customer/leave"),
        outsider.delete("/customer"),
    )

    assert {error_of(response) for response in asked} == {(404, "NO_CUSTOMER")}


def test_staff_is_told_which_customer_is_not_there(team: Team) -> None:
    nowhere = f"/admin/customer/{uuid4()}"
    asked = (
        team.staff.get(f"{nowhere}/members"),
        team.staff.post(f"{nowhere}/member", body(uuid4())),
        team.staff.delete(f"{nowhere}/member/{uuid4()}"),
        team.staff.delete(nowhere),
        team.staff.get(f"/admin/customer/{factories.account().pk}/members"),
    )

    assert {error_of(response) for response in asked} == {(404, "NOT_FOUND")}
    assert fields_of(team.staff.delete("/admin/customer/7")) == ["customerID"]
    assert fields_of(team.staff.get("/admin/customer/7/members")) == ["customerID"]


def test_a_refusal_is_kept_under_its_key_and_a_mistake_is_not(team: Team) -> None:
    factories.seats(team.customer, 5)
    key = {"idempotency_key": "k"}
    full = team.owner.post("/customer/member", body(uuid4()), **key)
    again = team.owner.post("/customer/member", body(uuid4()), **key)
    mistaken = team.owner.post("/customer/member", body(uuid4(), "x"), idempotency_key="m")
    mended = team.owner.post("/customer/member", body(uuid4()), idempotency_key="m")

    assert error_of(full) == (402, "MEMBER_LIMIT_REACHED")
    assert error_of(again) == (409, "IDEMPOTENCY_CONFLICT")
    assert mistaken.status_code == 400
    assert error_of(mended) == (402, "MEMBER_LIMIT_REACHED")


def test_an_added_member_is_added_once_under_its_key(team: Team) -> None:
    asked = body(uuid4())
    first = team.owner.post("/customer/member", asked, idempotency_key="k")
    second = team.owner.post("/customer/member", asked, idempotency_key="k")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotent-Replayed"] == "true"
    assert second.content == first.content
    assert len(team.roles()) == 6


def outcome_of(response: Any) -> tuple[int, str]:
    return (response.status_code, "") if response.status_code < 400 else error_of(response)
