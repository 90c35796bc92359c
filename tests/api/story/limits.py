"""The story of limits: a customer on a tier, and services that report what it uses."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from billing.kernel import clock
from billing.models import Account
from customers.models import Customer, Membership
from tests.api.story.recorder import PORTAL, USER, Story

SOMEBODY: Final = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a22"
NOBODY: Final = "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11"
TEAM: Final[dict[str, Any]] = {
    "code": "team",
    "name": "Team",
    "currency": "EUR",
    "interval": "MONTH",
    "price": "40.00",
    "limits": [
        {
            "serviceName": "search-api",
            "featureKey": "entity_lookup_per_minute",
            "value": 200,
            "window": "minute",
            "description": "Look-ups of entities",
        },
        {
            "serviceName": "ai-api",
            "featureKey": "tokens_per_month",
            "value": 1_000_000,
            "window": "month",
            "description": "Tokens in and out",
        },
        {
            "serviceName": "ai-api",
            "featureKey": "training",
            "value": 0,
            "window": "day",
            "description": "Models of one's own",
        },
        {
            "serviceName": "storage",
            "featureKey": "projects",
            "value": 3,
            "description": "Projects at the same time",
        },
        {"serviceName": "billing", "featureKey": "members", "value": 5, "description": "Members"},
    ],
}
PUBLIC: Final[dict[str, Any]] = {
    **TEAM,
    "code": "public",
    "name": "Public",
    "price": "0.00",
    "limits": [{**TEAM["limits"][0], "value": 20}],
}
LOOKUPS: Final = {"serviceName": "search-api", "featureKey": "entity_lookup_per_minute"}
PROJECTS: Final = {"serviceName": "storage", "featureKey": "projects"}


def limits(story: Story) -> None:
    story.at("2026-03-20T12:00:10+00:00")
    empty = f"{PORTAL}/limits/ip"
    story.tell("list_ip_limits", "No public tier", "GET", empty)
    customer = subscribed(story)
    consuming(story, customer)
    reading(story)
    for name, path in (("list_limits", "limits"), ("list_quotas", "quotas")):
        story.tell(f"{name}_of_service", "Unknown", "GET", f"{PORTAL}/{path}/none", status=404)
    leave(story)


def subscribed(story: Story) -> str:
    """Take a customer on: the story's own user owns it."""
    story.call("POST", "/plans", TEAM, status=201)
    story.call("POST", "/plans", PUBLIC, status=201)
    body = {"name": "Globex", "currency": "EUR"}
    customer = str(story.call("POST", "/tenants", body, status=201).json()["id"])
    Account.objects.filter(pk=customer).update(customer_id=customer)
    made = Customer.objects.create(
        account_id=UUID(customer), name="Globex", email="g@globex.example", created_at=clock.now()
    )
    Membership.objects.create(customer=made, user_id=USER, role=0, created_at=clock.now())
    unsubscribed = f"{PORTAL}/limits"
    story.tell("list_limits", "No tier", "GET", unsubscribed, status=404)
    path = f"/tenants/{customer}/subscriptions"
    story.call("POST", path, {"planId": "team"}, status=201)
    return customer


def consuming(story: Story, customer: str) -> None:
    operation, path = "consume_limit", f"{PORTAL}/limits/consume"
    mine = {"customerId": customer, "userId": SOMEBODY}
    lookups, projects = {**mine, **LOOKUPS}, {**mine, **PROJECTS}
    story.tell(operation, "Twenty look-ups", "POST", path, {**lookups, "amount": 20})
    story.tell(operation, "A project", "POST", path, projects)
    story.tell(operation, "A project is given back", "POST", path, {**projects, "amount": -1})
    trial = {"customerId": customer, **LOOKUPS, "amount": 100, "dryRun": True}
    story.tell(operation, "Would it fit", "POST", path, trial)
    address = {"ip": "192.0.2.17", **LOOKUPS}
    story.tell(operation, "Of an address", "POST", path, address)
    off = {**mine, "serviceName": "ai-api", "featureKey": "training"}
    members = {**mine, "serviceName": "billing", "featureKey": "members"}
    for name, body, status in (
        ("Spent rate", {**lookups, "amount": 181}, 429),
        ("Spent quota", {**projects, "amount": 4}, 403),
        ("Disabled", off, 403),
        ("Unknown", {**mine, "serviceName": "ai-api", "featureKey": "nothing"}, 404),
        ("Unknown customer", {**lookups, "customerId": NOBODY}, 404),
        ("Members", members, 400),
    ):
        story.tell(operation, name, "POST", path, body, status=status)


def reading(story: Story) -> None:
    rate, quota = "search-api/entity_lookup_per_minute", "storage/projects"
    events = f"?userId={SOMEBODY}"
    for operation, name, path in (
        ("list_limits", "All", "limits"),
        ("list_limits_of_service", "Search", "limits/search-api"),
        ("get_limit", "Look-ups", f"limits/{rate}"),
        ("get_limits_usage", "Now", "limits/usage"),
        ("get_usage", "Now", "usage"),
        ("list_limits_usage_of_user", "Somebody", f"limits/usage/users{events}"),
        ("list_ip_limits", "All", "limits/ip"),
        ("list_ip_limits_of_service", "Search", "limits/ip/search-api"),
        ("get_ip_usage", "Mine", "limits/usage/ip"),
        ("list_quotas", "All", "quotas"),
        ("list_quotas_of_service", "Storage", "quotas/storage"),
        ("get_quota", "Projects", f"quotas/{quota}"),
        ("get_quotas_usage", "Now", "quotas/usage"),
        ("list_quotas_usage_of_user", "Somebody", f"quotas/usage/users{events}"),
    ):
        story.tell(operation, name, "GET", f"{PORTAL}/{path}")
    story.tell("get_limit", "Unknown", "GET", f"{PORTAL}/limits/ai-api/nothing", status=404)


def leave(story: Story) -> None:
    """Let the story's user be of no team again."""
    Customer.objects.filter(memberships__user_id=USER).delete()
    story.tell("list_quotas", "No team", "GET", f"{PORTAL}/quotas", status=404)
