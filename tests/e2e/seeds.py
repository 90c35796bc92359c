"""Run the workflows that callers know from the first pages of the API they come from.

Customers and their teams, tiers, limits and what is used of them, and administration: each step
over HTTP against a running system, with the statuses and fields that those pages promise.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.e2e.callers import Person, person, with_key
from tests.e2e.stories import Teller, alone
from tests.e2e.system import System

PLANS = "/api/v1/billing/plans"
ACKNOWLEDGED = {"message": "acknowledged"}


teller = Teller("seeds")
say, require = teller.say, teller.require


def make_tiers(admin: Person) -> None:
    for code, seats, lookups in (("seed-free", 3, 5), ("seed-pro", 25, 200)):
        members = {"serviceName": "billing", "featureKey": "members", "value": seats}
        rate = {"serviceName": "search-api", "featureKey": "lookups", "value": lookups}
        plan = {
            "code": code,
            "name": code,
            "currency": "USD",
            "interval": "MONTH",
            "price": "0",
            "limits": [
                members,
                {**rate, "window": "day"},
                {"serviceName": "storage", "featureKey": "projects", "value": 2},
            ],
        }
        admin.does(201, "POST", PLANS, plan)


def tiers(admin: Person) -> None:
    """List two tiers, and make the first the default: the page of tiers."""
    make_tiers(admin)
    listed = admin.does(200, "GET", "/admin/tiers?active=true")["tiers"]
    ids = {tier["name"]: tier["id"] for tier in listed}
    require("a tier's fields", sorted(listed[0]), sorted(TIER_FIELDS))
    require("features", [tier["features"] for tier in listed], [[] for _ in listed])
    free, pro = ids["seed-free"], ids["seed-pro"]
    said = admin.does(200, "PUT", f"/admin/tiers/{free}/default")
    require("the default is set", said, {"message": "Default tier updated successfully"})
    defaults = [t["id"] for t in admin.does(200, "GET", "/admin/tiers")["tiers"] if t["isDefault"]]
    require("one default", defaults, [free])
    admin.does(400, "GET", "/admin/tiers?active=perhaps")
    admin.does(400, "PUT", "/admin/tiers/none/default")
    admin.does(404, "PUT", f"/admin/tiers/{uuid4()}/default")
    admin.does(200, "POST", f"{PLANS}/seed-pro/archive")
    admin.does(400, "PUT", f"/admin/tiers/{pro}/default")
    admin.does(200, "PATCH", f"{PLANS}/seed-pro", {"isActive": True})
    say("tiers are listed, filtered, and one of them is the default")


TIER_FIELDS = (
    *("id", "name", "description", "stripePriceId", "isActive", "isDefault", "sortOrder"),
    "features",
)


def customer(owner: Person) -> str:
    """Make a customer: the page of customers."""
    nobody = Person(owner.system, {}, "")
    nobody.does(401, "POST", "/customer", {"email": "john@doe.example"})
    owner.does(404, "GET", "/customer")
    owner.does(400, "POST", "/customer", {"email": "no address"})
    made = owner.does(201, "POST", "/customer", {"email": "john@doe.example"})
    require("what is made", (made["email"], made["gcid"]), ("john@doe.example", None))
    owner.does(400, "POST", "/customer", {"email": "john@doe.example"})
    found = owner.does(200, "GET", "/customer")
    require("what is there", found["id"], made["id"])
    tier = owner.does(200, "GET", "/customer/tier")
    seen = (tier["customerId"], tier["tierName"], tier["subscriptionStatus"], tier["isActive"])
    require("its tier", seen, (made["id"], "seed-free", "active", True))
    by_key = with_key(owner, "billing:read").does(200, "GET", "/customer")
    require("by an API key", by_key, found)
    say("a customer is made, on the default tier, seen by token and by key")
    return str(made["id"])


def team(owner: Person, people: list[Person]) -> None:
    """Manage members, up to the tier's seats, and transfer the ownership."""
    ada, ben, eve = people
    add = "/customer/member"
    require(
        "added", owner.does(201, "POST", add, {"userID": ada.id, "role": "admin"}), ACKNOWLEDGED
    )
    owner.does(412, "POST", add, {"userID": ada.id, "role": "user"})
    owner.does(400, "POST", add, {"userID": eve.id, "role": "owner"})
    owner.does(400, "POST", add, {"userID": "eve", "role": "user"})
    owner.does(201, "POST", add, {"userID": ben.id, "role": 2})
    owner.does(402, "POST", add, {"userID": eve.id, "role": "user"})
    ben.does(403, "POST", add, {"userID": eve.id, "role": "user"})
    listed = ada.does(200, "GET", "/customer/members")
    roles = {one["userID"]: one["role"] for one in listed["members"]}
    require("the team", roles, {owner.id: "owner", ada.id: "admin", ben.id: "user"})
    require("its number", (listed["items"], listed["pages"]), (3, 1))
    owner.does(200, "PUT", add, {"userID": ben.id, "role": "admin"})
    ada.does(403, "PUT", add, {"userID": ben.id, "role": "user"})
    owner.does(412, "DELETE", f"{add}/{owner.id}")
    owner.does(404, "DELETE", f"{add}/{eve.id}")
    owner.does(204, "DELETE", f"{add}/{ben.id}")
    ben.does(404, "GET", "/limits")
    owner.does(404, "POST", "/customer/transfer-ownership", {"newOwnerUserID": ben.id})
    owner.does(200, "POST", "/customer/transfer-ownership", {"newOwnerUserID": ada.id})
    owner.does(403, "DELETE", "/customer")
    ada.does(400, "DELETE", "/customer/leave")
    ada.does(200, "POST", "/customer/transfer-ownership", {"userID": owner.id})
    ada.does(204, "DELETE", "/customer/leave")
    ada.does(404, "GET", "/customer")
    say("members are added up to the seats, changed, removed, and leave; ownership moves")


def limits(owner: Person, service: Person, customer_id: str) -> None:
    """Look limits up, consume them, and watch what is used."""
    found = owner.does(200, "GET", "/limits")
    require("limits", (found["customerId"], found["tierName"]), (customer_id, "seed-free"))
    rate = found["limits"]["search-api"]["lookups"]
    require("a rate", (rate["value"], rate["window"]), (5, "day"))
    one = owner.does(200, "GET", "/limits/search-api/lookups")
    require("one of them", (one["featureKey"], one["value"]), ("lookups", 5))
    quota = owner.does(200, "GET", "/quotas/storage/projects")
    require("a quota", (quota["value"], "window" in quota), (2, False))
    owner.does(404, "GET", "/limits/nothing")
    take = {"customerId": customer_id, "userId": owner.id}
    lookups = {**take, "serviceName": "search-api", "featureKey": "lookups"}
    projects = {**take, "serviceName": "storage", "featureKey": "projects"}
    left = service.does(200, "POST", "/limits/consume", {**lookups, "amount": 4})
    require("what is left", (left["allowed"], left["remaining"]), (True, 1))
    refused = service.ask("POST", "/limits/consume", {**lookups, "amount": 2})
    require("a spent rate", (refused.status, "Retry-After" in refused.headers), (429, True))
    service.does(200, "POST", "/limits/consume", {**projects, "amount": 2})
    service.does(403, "POST", "/limits/consume", projects)
    service.does(200, "POST", "/limits/consume", {**projects, "amount": -1})
    owner.does(403, "POST", "/limits/consume", projects)
    for path in ("/usage", "/limits/usage"):
        usage = owner.does(200, "GET", path)["services"]["search-api"]["features"][0]
        seen = (usage["currentUsage"], usage["limit"], usage["remaining"], usage["isLocked"])
        require(f"usage at {path}", seen, (4, 5, 1, False))
    held = owner.does(200, "GET", "/quotas/usage")["services"]["storage"]["features"][0]
    require("what is held", (held["currentUsage"], held["resetAt"]), (1, 0))
    say("limits are looked up and consumed, and their usage is watched by both of its names")


def administration(admin: Person, owner: Person, customer_id: str, spare: Person) -> None:
    """Look at the system and at any customer, and delete one."""
    status = admin.does(200, "GET", "/admin/billing/status")
    require("customers", (status["totalCustomers"], status["activeCustomers"]), (1, 1))
    tier = {"tierName": "seed-free", "activeCustomers": 1, "avgMemberCount": 1.0}
    require("by tier", status["subscriptionsByTier"], {"seed-free": tier})
    query = "?page=1&limit=10&status=active&tierName=seed-free"
    listed = admin.does(200, "GET", f"/admin/customers{query}")
    require("how many", (listed["items"], listed["pages"]), (1, 1))
    first = listed["customers"][0]
    require("the first", (first["id"], first["ownerUserID"]), (customer_id, owner.id))
    admin.does(400, "GET", "/admin/customers?status=happy")
    path = f"/admin/customer/{customer_id}"
    found = admin.does(200, "GET", path)
    require("one customer", (found["tierName"], found["memberCount"]), ("seed-free", 1))
    admin.does(404, "GET", f"/admin/customer/{uuid4()}")
    admin.does(400, "GET", "/admin/customer/none")
    admin.does(201, "POST", f"{path}/member", {"userID": spare.id, "role": "user"})
    admin.does(409, "POST", f"{path}/member", {"userID": spare.id, "role": "user"})
    admin.does(400, "POST", f"{path}/member", {"userID": str(uuid4()), "role": "owner"})
    require("members", admin.does(200, "GET", f"{path}/members?limit=1")["pages"], 2)
    admin.does(409, "DELETE", f"{path}/member/{owner.id}")
    admin.does(204, "DELETE", f"{path}/member/{spare.id}")
    owner.does(403, "GET", "/admin/customers")
    say("administration sees the system and any customer, and changes its team")
    admin.does(204, "DELETE", path)
    owner.does(404, "GET", "/customer")
    owner.does(201, "POST", "/customer", {"email": "again@doe.example"})
    owner.does(204, "DELETE", "/customer")
    gone(admin)
    say("customers are deleted, by the operator and by their owner; their people are free")


def gone(admin: Person) -> None:
    """Wait for the workers to carry the deletions through."""
    for _ in range(60):
        if admin.does(200, "GET", "/admin/customers")["items"] == 0:
            return
        time.sleep(0.5)
    sys.exit("seeds: the deletions were not carried through within 30 seconds")


def run(system: System) -> None:
    """Run all workflows. The system has no customers yet."""
    started = time.monotonic()
    admin, service = person(system, "billing_admin"), person(system, "service")
    owner, *people = [person(system) for _ in range(4)]
    tiers(admin)
    made = customer(owner)
    team(owner, people)
    limits(owner, service, made)
    administration(admin, owner, made, people[0])
    say(f"done in {time.monotonic() - started:.0f} s: every workflow of the four pages")


if __name__ == "__main__":
    alone(run, teller=teller, about=__doc__ or "")
