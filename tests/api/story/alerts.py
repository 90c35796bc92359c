"""The story's part about alerts: made, reached, dismissed."""

from __future__ import annotations

from unittest.mock import patch

from alerts.looking import Sweeper
from alerts.models import AlertWatch
from alerts.services import MOST_ALERTS
from billing.kernel import clock
from tests.api.story.recorder import Story
from tests.api.story.webhooks import SECRET

RATE = {
    "thresholdType": "DAILY_RATE",
    "thresholdAmount": "250.00",
    "notifyEmail": "ops@acme.example",
    "notifySlack": "https://hooks.slack.example/services/T1/B2/x",
    "webhookUrl": "https://hooks.acme.example/cost",
}
COST = {"thresholdType": "ABSOLUTE", "thresholdAmount": "10.00"}
SHARE = {"thresholdType": "PERCENTAGE_OF_BUDGET", "thresholdAmount": "80"}


def alerts(story: Story) -> None:
    """Tell it of a tenant whose fee alone is above a threshold."""
    acme = {"name": "Acme Costs", "currency": "EUR"}
    tenant = story.call("POST", "/tenants", acme, status=201).json()["id"]
    story.call("POST", f"/tenants/{tenant}/subscriptions", {"planId": "payg"}, status=201)
    path = f"/realtime-cost/tenants/{tenant}/alerts"
    with patch("webhooks.private.new_secret", lambda: SECRET):
        story.tell("create_alert", "A day's rate", "POST", path, RATE, status=201)
    made = story.tell("create_alert", "The period's cost", "POST", path, COST, status=201)
    story.tell("create_alert", "No budget", "POST", path, SHARE, status=409)
    for _ in range(MOST_ALERTS - 2):
        story.call("POST", path, COST, status=201)
    story.tell("create_alert", "Too many", "POST", path, COST, status=409)
    AlertWatch.objects.update(due_at=clock.now())  # the database's own clock is another
    Sweeper().sweep(read_clock=clock.now)
    query = "?status=TRIGGERED&size=1&direction=asc"
    story.tell("list_alerts", "One that fired", "GET", f"{path}{query}")
    alert = f"/realtime-cost/alerts/{made['id']}"
    story.tell("get_alert", "It fired", "GET", alert)
    story.tell("dismiss_alert", "Quiet until the next period", "POST", f"{alert}/dismiss")
    story.tell("delete_alert", "For good", "DELETE", alert, status=204)
