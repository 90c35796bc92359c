"""The story's part about webhooks: made, tried, rotated, replayed, disabled."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

from billing.kernel import clock
from tests.api.story.recorder import Story
from webhooks import claiming, handing_on
from webhooks.noting import note
from webhooks.posting import Answer
from webhooks.services import MOST_ENDPOINTS

URL = "https://hooks.acme.example/billing"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BUSY = Answer(status=503, failure="answered 503", snippet="busy", milliseconds=87)
TAKEN = Answer(status=204, milliseconds=41)


def webhooks(story: Story) -> None:
    """Tell it of a tenant that subscribes."""
    on_the_day = {"name": "Acme Books", "currency": "EUR"}
    tenant = story.call("POST", "/tenants", on_the_day, status=201).json()["id"]
    with patch("webhooks.services.new_secret", lambda: SECRET):
        make(story, tenant)


def make(story: Story, tenant: str) -> None:
    path = f"/tenants/{tenant}/webhooks"
    body = {"url": URL, "eventTypes": ["subscription.created", "invoice.*"], "description": "Books"}
    made = story.tell("create_tenant_webhook", "For the books", "POST", path, body, status=201)
    private = {"url": "http://169.254.169.254/latest/meta-data"}
    story.tell("create_tenant_webhook", "Not public", "POST", path, private, status=400)
    story.tell("list_tenant_webhooks", "The one", "GET", path)
    everything = {"url": "https://hooks.operator.example/"}
    story.tell("create_webhook", "Of all tenants", "POST", "/webhooks", everything, status=201)
    story.tell("list_webhooks", "The operator's", "GET", "/webhooks")
    for _ in range(MOST_ENDPOINTS - 1):
        story.call("POST", "/webhooks", everything, status=201)
    story.tell("create_webhook", "Too many", "POST", "/webhooks", everything, status=409)
    hook = f"/webhooks/{made['id']}"
    story.tell("get_webhook", "With its types", "GET", hook)
    deliver(story, tenant, hook)
    story.tell("rotate_webhook_secret", "A day of both", "POST", f"{hook}/rotate-secret", {})
    off = {"isEnabled": False}
    story.tell("update_webhook", "Disable it", "PATCH", hook, off)
    story.tell("test_webhook", "Disabled", "POST", f"{hook}/test", status=409)
    story.tell("delete_webhook", "With its deliveries", "DELETE", hook, status=204)


def deliver(story: Story, tenant: str, hook: str) -> None:
    """Let a test message be taken, and a subscription's event only when it is sent again."""
    story.tell("test_webhook", "A message to try", "POST", f"{hook}/test", status=201)
    attempt(clock.now(), TAKEN)
    story.call("POST", f"/tenants/{tenant}/subscriptions", {"planId": "payg"}, status=201)
    while handing_on.hand_on(now=clock.now()):
        pass
    attempt(clock.now(), BUSY)
    listed = story.tell(
        "list_webhook_deliveries",
        "Those that wait",
        "GET",
        f"{hook}/deliveries?status=WAITING&size=1",
    )
    delivery = f"/webhook-deliveries/{listed['data'][0]['id']}"
    story.tell("replay_webhook_delivery", "Now", "POST", f"{delivery}/replay")
    attempt(clock.now(), TAKEN)
    story.tell("get_webhook_delivery", "Delivered at last", "GET", delivery)


def attempt(now: datetime, answer: Answer) -> None:
    """Have what is due answered, without a receiver."""
    later = now + timedelta(seconds=1)
    while claimed := claiming.claim(now=later):
        for row in claimed:
            note(delivery_id=row.pk, answer=answer, now=now)
