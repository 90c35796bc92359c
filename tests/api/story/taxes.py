"""The story's part about tax: reverse charge, prices with tax, electronic invoices."""

from __future__ import annotations

from datetime import date
from typing import Any

from invoicing.models import TaxRate
from tests.api.story.recorder import Story

HALCYON: dict[str, Any] = {
    "name": "Halcyon Robotics",
    "currency": "EUR",
    "timezone": "Europe/Paris",
    "billingEmail": "ap@halcyon.example",
    "address": {
        "line1": "1 rue de Rivoli",
        "city": "Paris",
        "postalCode": "75001",
        "country": "FR",
    },
}
INCLUSIVE: dict[str, Any] = {
    "code": "seats",
    "name": "Seats",
    "currency": "EUR",
    "interval": "MONTH",
    "price": "29.99",
    "taxBehavior": "INCLUSIVE",
}


def taxes(story: Story) -> None:
    """Bill a French company: with French tax in the price, then by reverse charge."""
    story.at("2026-03-21T09:00:00+00:00")
    TaxRate.objects.create(country="FR", name="TVA", percent=20, valid_from=date(2020, 1, 1))
    story.tell("create_plan", "Prices with tax", "POST", "/plans", INCLUSIVE, status=201)
    tenant = story.call("POST", "/tenants", HALCYON, status=201).json()["id"]
    subscribed = {"planId": "seats"}
    story.call("POST", f"/tenants/{tenant}/subscriptions", subscribed, status=201)
    preview = f"/tenants/{tenant}/billing/preview"
    story.tell("preview_billing", "Tax within the price", "GET", preview)
    vat_id = {"taxId": "FR 61 954 506 077"}
    story.tell("update_tenant", "A VAT id", "PATCH", f"/tenants/{tenant}", vat_id)
    story.tell("preview_billing", "Reverse charge", "GET", preview)
    draft = story.call("POST", f"/tenants/{tenant}/invoices", {}, status=201).json()
    path = f"/invoices/{draft['id']}"
    story.tell("get_einvoice", "A draft", "GET", f"{path}/einvoice", status=409)
    # Without the seller's own VAT id no electronic invoice may reverse the charge.
    story.call("PATCH", f"/tenants/{tenant}", {"taxId": None, "address": None}, status=200)
    story.call("PATCH", f"/tenants/{tenant}", {"address": {"country": "US"}}, status=200)
    story.call("POST", f"{path}/finalize", status=200)
    story.tell("get_einvoice", "Cross Industry Invoice", "GET", f"{path}/einvoice")
    story.tell("get_einvoice", "UBL", "GET", f"{path}/einvoice?format=ubl")
