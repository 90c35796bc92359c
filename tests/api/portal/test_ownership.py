"""Who owns a customer, and how one leaves it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.api.portal.conftest import WHOLE, Team
from tests.client import error_of, fields_of, json_of

ACKNOWLEDGED = {"message": "acknowledged"}


@pytest.mark.parametrize("name", ["newOwnerUserID", "userID"])
@pytest.mark.parametrize("whom", ["admin", "user"])
def test_a_transfer_makes_the_old_owner_an_admin(team: Team, name: str, whom: str) -> None:
    response = team.owner.post("/customer/transfer-ownership", {name: str(team.ids[whom])})

    assert json_of(response) == ACKNOWLEDGED
    assert team.roles() == {**WHOLE, "owner": "admin", whom: "owner"}


def test_who_may_not_be_made_the_owner(team: Team) -> None:
    path = "/customer/transfer-ownership"
    owner, admin = str(team.ids["owner"]), str(team.ids["admin"])

    assert error_of(team.owner.post(path, {"userID": owner})) == (400, "NOT_ON_YOURSELF")
    assert error_of(team.owner.post(path, {"userID": str(uuid4())})) == (404, "NOT_FOUND")
    assert error_of(team.admin.post(path, {"userID": admin})) == (403, "FORBIDDEN")
    assert fields_of(team.owner.post(path, {})) == ["newOwnerUserID"]
    both = {"newOwnerUserID": owner, "userID": admin}
    assert fields_of(team.owner.post(path, both)) == ["newOwnerUserID", "userID"]
    assert fields_of(team.owner.post(path, {"userID": None})) == ["userID"]
    assert team.roles() == WHOLE


def test_both_names_with_one_value_are_one(team: Team) -> None:
    admin = str(team.ids["admin"])
    both = {"newOwnerUserID": admin, "userID": admin.upper()}

    json_of(team.owner.post("/customer/transfer-ownership", both))

    assert team.roles()["admin"] == "owner"


def test_all_but_the_owner_leave(team: Team) -> None:
    owner, admin, user = (
        getattr(team, who).delete("/customer/leave") for who in ("owner", "admin", "user")
    )

    assert error_of(owner) == (400, "OWNER_STAYS")
    assert (admin.status_code, user.status_code) == (204, 204)
    assert team.roles() == {"owner": "owner", "admin2": "admin", "user2": "user"}
    assert error_of(team.user.delete("/customer/leave")) == (404, "NO_CUSTOMER")
