"""The part of the story that the operator tells: tiers, the default, who is here on what."""

from __future__ import annotations

from uuid import UUID

from billing.kernel import clock
from billing.kernel.ids import uuid7
from billing.models import Account
from customers.models import Customer, Membership, Role
from tests.api.story.recorder import PORTAL, Story

NOWHERE = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"


def administration(story: Story) -> None:
    """Tell it; plans and a live subscription are there already, the tier `pro` is archived."""
    tiers = story.tell("list_tiers", "All", "GET", f"{PORTAL}/admin/tiers")["tiers"]
    story.tell("list_tiers", "Those that are offered", "GET", f"{PORTAL}/admin/tiers?active=true")
    default(story, {tier["name"]: tier["id"] for tier in tiers})
    customer = made(story)
    story.tell("get_billing_status", "One tier", "GET", f"{PORTAL}/admin/billing/status")
    active = f"{PORTAL}/admin/customers?status=trialing&limit=1"
    story.tell("list_customers", "On trial", "GET", active)
    path = f"{PORTAL}/admin/customer"
    story.tell("get_any_customer", "On trial", "GET", f"{path}/{customer}")
    story.tell("get_any_customer", "Unknown", "GET", f"{path}/{NOWHERE}", status=404)


def default(story: Story, tiers: dict[str, str]) -> None:
    free = story.call("GET", "/plans/free", status=200).json()["id"]
    set_default = "set_default_tier"

    def path(tier: str) -> str:
        return f"{PORTAL}/admin/tiers/{tier}/default"

    old = {"code": "old", "name": "Old", "currency": "EUR", "interval": "MONTH", "price": "1.00"}
    archived = story.call("POST", "/plans", {**old, "isActive": False}, status=201).json()["id"]
    story.tell(set_default, "Another tier", "PUT", path(tiers["Pay as you go"]))
    story.tell(set_default, "An archived one", "PUT", path(archived), status=400)
    story.tell(set_default, "An unknown one", "PUT", path(NOWHERE), status=404)
    story.call("PUT", path(free), status=200)


def made(story: Story) -> UUID:
    """Make a customer of two people, on trial."""
    body = {"name": "Northwind", "currency": "EUR"}
    tenant = UUID(story.call("POST", "/tenants", body, status=201).json()["id"])
    at = clock.now()
    Account.objects.filter(pk=tenant).update(customer_id=tenant)
    customer = Customer.objects.create(
        account_id=tenant, name="Northwind", email="ap@northwind.example", created_at=at
    )
    for role in (Role.OWNER, Role.USER):
        Membership.objects.create(customer=customer, user_id=uuid7(), role=role, created_at=at)
    trial = {"planId": "payg", "trialDays": 14}
    story.call("POST", f"/tenants/{tenant}/subscriptions", trial, status=201)
    return tenant
