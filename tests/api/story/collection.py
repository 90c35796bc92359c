"""The story's part about money: credit, payments, credit notes, and an invoice written off."""

from __future__ import annotations

from typing import Any

from billing.models import Account
from billing.stripe.current import using
from invoicing.pdf.credit_notes import render_due_credit_notes
from tests.api.story.later import LATER
from tests.api.story.recorder import Story
from tests.fakes.stripe import FakeStripe, Mood


def collect(story: Story, tenant: str, subscription: str) -> None:
    """Take up the finalized invoice of the story, and pay, credit and write off."""
    invoice = open_invoice(story, tenant)
    grant(story, tenant, subscription)
    stripe(story, tenant, invoice)
    pay(story, invoice)
    credit(story, invoice)
    write_off(story, tenant, invoice)


def open_invoice(story: Story, tenant: str) -> dict[str, Any]:
    found = story.call("GET", f"/tenants/{tenant}/invoices?status=PENDING", status=200).json()
    first: dict[str, Any] = found["data"][0]
    return first


def grant(story: Story, tenant: str, subscription: str) -> None:
    path = f"/subscriptions/{subscription}/credits"
    body = {
        "amount": "25.00",
        "reason": "An hour of downtime in February",
        "expiresAt": "2026-12-31T23:00:00Z",
    }
    story.tell("grant_credit", "Until the end of the year", "POST", path, body, status=201)
    huge = {"amount": "1000000000000.00"}
    for _ in range(9):
        story.call("POST", path, huge, status=201)
    story.tell("grant_credit", "Too much", "POST", path, huge, status=409)
    story.tell("list_credits", "The newest", "GET", f"/tenants/{tenant}/credits?size=1")


def stripe(story: Story, tenant: str, invoice: dict[str, Any]) -> None:
    """Pay through Stripe: a page to buy on, the portal, and an invoice in the browser."""
    buy = {"tenantId": tenant, "planId": "payg", "successUrl": "https://acme.example/thanks"}
    go, portal = "/stripe/checkout", "/stripe/portal"
    pay = f"/invoices/{invoice['id']}/payment-intent"
    whose = {"tenantId": tenant, "returnUrl": "https://acme.example/billing"}
    story.tell("open_checkout", "No Stripe", "POST", go, buy, status=503)
    story.tell("open_portal", "No Stripe", "POST", portal, whose, status=503)
    story.tell("create_payment_intent", "No Stripe", "POST", pay, status=503)
    fake = FakeStripe()
    with using(fake):
        story.tell("open_checkout", "A page", "POST", go, buy)
        story.tell("open_portal", "Of the tenant", "POST", portal, whose)
        story.tell("create_payment_intent", "What is due", "POST", pay)
        fake.plan = [Mood.LOST_BEFORE]
        story.tell("create_payment_intent", "Down", "POST", pay, status=502)
    Account.objects.filter(pk=tenant).update(stripe_customer_id="")


def pay(story: Story, invoice: dict[str, Any]) -> None:
    path = f"/invoices/{invoice['id']}/payments"
    body = {"amount": "10.00", "reference": "SEPA 2026-03-20/0815"}
    record = "record_payment"
    story.tell(record, "A part", "POST", path, body)
    story.tell(record, "The same reference", "POST", path, body, status=409)
    story.tell(record, "More than is due", "POST", path, {"amount": "99999.00"}, status=409)
    story.tell("list_payments", "The one", "GET", path)


def credit(story: Story, invoice: dict[str, Any]) -> None:
    path = f"/invoices/{invoice['id']}/credit-notes"
    usage = invoice["lines"][1]
    issue = "issue_credit_note"
    by_line = {
        "lines": [{"lineId": usage["id"], "amount": "0.10"}],
        "reason": "250 calls were our own health checks.",
    }
    note = story.tell(issue, "A part of a line", "POST", path, by_line, status=201)
    whole = {"amount": "1.00", "reason": "Goodwill"}
    story.tell(issue, "An amount with its tax", "POST", path, whole, status=201)
    above = {"amount": "99999.00", "reason": "Goodwill"}
    story.tell(issue, "More than is left", "POST", path, above, status=409)
    story.tell("list_credit_notes", "The newest", "GET", f"{path}?size=1")
    story.tell("get_credit_note", "A part of a line", "GET", f"/credit-notes/{note['id']}")
    render_due_credit_notes(now=LATER)
    story.tell("get_credit_note_pdf", "The document", "GET", f"/credit-notes/{note['id']}/pdf")
    void = f"/invoices/{invoice['id']}/void"
    story.tell("void_invoice", "With payments", "POST", void, {}, status=409)


def write_off(story: Story, tenant: str, invoice: dict[str, Any]) -> None:
    path = f"/invoices/{invoice['id']}/mark-uncollectible"
    story.tell("mark_uncollectible", "The rest", "POST", path)
    story.tell("mark_uncollectible", "Again", "POST", path, status=409)
