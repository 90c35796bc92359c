"""The story's part of customers and their teams."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.conf import settings

from billing.kernel import clock
from billing.models import Account
from billing.stripe.current import using
from tests.api.story.recorder import PORTAL, Story, long_token_of
from tests.fakes.stripe import FakeStripe, Mood
from tests.paying.signing import signed

OWNER, ADMIN, USER, OTHER, LAST = (UUID(f"019a2f6e-8c1b-7a40-b2c9-{n:012d}") for n in range(2, 7))
ACME: dict[str, Any] = {
    "email": "billing@acme.example",
    "name": "Acme Analytics",
    "billingAddress": {
        "street": "Torstraße 1",
        "city": "Berlin",
        "postalCode": "10119",
        "country": "DE",
    },
}
PAGES = {"successURL": "https://acme.example/thanks", "cancelURL": "https://acme.example/tiers"}
TEAM_OF_FOUR = [
    {"serviceName": "billing", "featureKey": "members", "value": 4, "description": "Seats"}
]


def of(user: UUID) -> dict[str, str]:
    return {"Authorization": f"Bearer {long_token_of(user)}"}


def tell(story: Story) -> None:
    """Tell all of it, in order: a customer is made, its team grows, changes hands, and it goes."""
    customer = customers(story)
    members(story)
    staff(story, customer)
    stripe(story, customer)
    ownership(story)
    deletion(story)


def customers(story: Story) -> str:
    make = "create_customer"
    where = f"{PORTAL}/customer"
    owner = of(OWNER)
    story.call("PATCH", "/plans/free", {"limits": TEAM_OF_FOUR}, status=200)
    story.tell("get_customer", "None", "GET", where, status=404, headers=of(USER))
    fake = FakeStripe()
    with using(fake):
        fake.plan = [Mood.LOST_AFTER]
        story.tell(make, "Stripe is away", "POST", where, ACME, status=502, headers=owner)
        made = story.tell(make, "Acme Analytics", "POST", where, ACME, status=201, headers=owner)
    story.tell(make, "Again", "POST", where, ACME, status=400, headers=owner)
    story.tell("get_customer", "Acme Analytics", "GET", where, headers=owner)
    tier = f"{where}/tier"
    story.tell("get_customer_tier", "The default tier", "GET", tier, headers=owner)
    return str(made["id"])


def members(story: Story) -> None:
    where, owner, admin = f"{PORTAL}/customer/member", of(OWNER), of(ADMIN)
    add, change, remove = "add_member", "change_member_role", "remove_member"

    def asked(user: UUID, role: str) -> dict[str, str]:
        return {"userID": str(user), "role": role}

    for name, user, role in (("An admin", ADMIN, "admin"), ("A user", USER, "user")):
        story.tell(add, name, "POST", where, asked(user, role), status=201, headers=owner)
    story.tell(add, "Member", "POST", where, asked(USER, "user"), status=412, headers=owner)
    story.tell(add, "Owner", "POST", where, asked(OTHER, "owner"), status=400, headers=owner)
    story.call("POST", where, asked(OTHER, "admin"), status=201, headers=owner)
    story.tell(add, "Full", "POST", where, asked(LAST, "user"), status=402, headers=owner)
    story.tell("list_members", "The first two", "GET", f"{where}s?limit=2", headers=owner)
    story.tell(change, "To an admin", "PUT", where, asked(USER, "admin"), headers=owner)
    story.tell(change, "Oneself", "PUT", where, asked(ADMIN, "user"), status=400, headers=admin)
    story.tell(change, "Admin", "PUT", where, asked(OTHER, "user"), status=403, headers=admin)
    story.tell(change, "The owner", "PUT", where, asked(OWNER, "user"), status=412, headers=admin)
    story.tell(change, "Nobody", "PUT", where, asked(LAST, "user"), status=404, headers=admin)
    for name, user, status in (
        ("A member", OTHER, 204),
        ("Nobody", LAST, 404),
    ):
        path = f"{where}/{user}"
        story.tell(remove, name, "DELETE", path, status=status, headers=owner)
    story.tell(remove, "Oneself", "DELETE", f"{where}/{ADMIN}", status=412, headers=admin)
    story.tell(remove, "The owner", "DELETE", f"{where}/{OWNER}", status=403, headers=admin)


def staff(story: Story, customer: str) -> None:
    where = f"{PORTAL}/admin/customer/{customer}/member"
    add, remove = "add_member_to_any", "remove_member_of_any"
    for name, user, status in (("A user", LAST, 201), ("Member", LAST, 409)):
        body = {"userID": str(user), "role": "user"}
        story.tell(add, name, "POST", where, body, status=status)
    story.tell("list_members_of_any", "The whole team", "GET", f"{where}s")
    story.tell(remove, "A user", "DELETE", f"{where}/{LAST}", status=204)
    story.tell(remove, "The owner", "DELETE", f"{where}/{OWNER}", status=409)


def stripe(story: Story, customer: str) -> None:
    owner, where = of(OWNER), f"{PORTAL}/stripe"
    tier = story.call("GET", f"{PORTAL}/customer/tier", status=200, headers=owner).json()
    upgrade = {"tierID": tier["tierId"], **PAGES}
    get, go = f"{where}/customer", f"{where}/upgrade"
    story.tell("open_customer_portal", "No Stripe", "GET", get, status=503, headers=owner)
    story.tell("upgrade", "No Stripe", "POST", go, upgrade, status=503, headers=owner)
    fake = FakeStripe()
    with using(fake):
        with fake._state() as state:
            state["customers"][f"cus_{customer[-12:]}"] = {"reference": customer}
        known = Account.objects.filter(pk=customer)
        known.update(stripe_customer_id=f"cus_{customer[-12:]}")
        story.tell("open_customer_portal", "The portal", "GET", get, headers=owner)
        story.tell("upgrade", "The page", "POST", go, upgrade, headers=owner)
        fake.plan = [Mood.FAILS] * 2
        story.tell("upgrade", "Down", "POST", go, upgrade, status=502, headers=owner)
        elsewhere = {**upgrade, "successURL": "javascript:alert(1)"}
        story.tell("upgrade", "No address", "POST", go, elsewhere, status=400, headers=owner)
        known.update(stripe_customer_id="")
    method = f"{where}/payment-method"
    story.tell("update_payment_method", "Elsewhere", "POST", method, status=501, headers=owner)
    hooks(story)


def hooks(story: Story) -> None:
    """Tell of Stripe's events, on both surfaces. A signature's secret is the story's alone."""
    event = {
        "id": "evt_1TqkX2",
        "object": "event",
        "type": "customer.updated",
        "api_version": "2026-08-26.dahlia",
        "created": 1772442000,
        "livemode": False,
        "data": {"object": {"id": "cus_TnKq6a", "object": "customer"}},
    }
    for hook, operation in (
        (f"{PORTAL}/stripe/webhook", "receive_stripe_event"),
        ("/stripe/webhook", "receive_stripe_event_on_platform"),
    ):
        story.tell(operation, "No Stripe", "POST", hook, event, status=503)
        with patch.dict(settings.BILLING, {"STRIPE_WEBHOOK_SECRET": ("whsec_story",)}):
            at = int(clock.now().timestamp()) + 1
            header = signed(json.dumps(event).encode(), secret="whsec_story", at=at)
            headers = {"Stripe-Signature": header}
            story.tell(operation, "Stored", "POST", hook, event, headers=headers)
            bad = {"Stripe-Signature": header[:-4] + "beef"}
            story.tell(operation, "Forged", "POST", hook, event, status=400, headers=bad)


def ownership(story: Story) -> None:
    where = f"{PORTAL}/customer"
    move, leave = "transfer_ownership", "leave_customer"
    path = f"{where}/transfer-ownership"
    for name, user, status in (
        ("To oneself", OWNER, 400),
        ("To nobody", LAST, 404),
        ("To an admin", ADMIN, 200),
    ):
        body = {"newOwnerUserID": str(user)}
        story.tell(move, name, "POST", path, body, status=status, headers=of(OWNER))
    story.tell(leave, "An admin", "DELETE", f"{where}/leave", status=204, headers=of(OWNER))
    story.tell(leave, "The owner", "DELETE", f"{where}/leave", status=400, headers=of(ADMIN))


def deletion(story: Story) -> None:
    where = f"{PORTAL}/customer"
    story.tell("delete_customer", "By its owner", "DELETE", where, status=204, headers=of(ADMIN))
    other = story.call("POST", where, ACME, status=201, headers=of(LAST)).json()
    path = f"{PORTAL}/admin/customer/{other['id']}"
    story.tell("delete_any_customer", "By staff", "DELETE", path, status=204)
    story.tell("delete_any_customer", "Gone", "DELETE", path, status=404)
