"""Invoices from finalizing on: their number, their payment, their other ends."""

from __future__ import annotations

from typing import Any, Final

from tests.stripe_sandbox.calls import Call, answers
from tests.stripe_sandbox.errors import Refusal, wrong
from tests.stripe_sandbox.lists import page
from tests.stripe_sandbox.resources import customers, invoices, methods, payments, subscriptions
from tests.stripe_sandbox.world import DAY, World

RETRIES: Final = (3 * DAY, 5 * DAY, 7 * DAY)
"""How long after each failed attempt Stripe tries again, where it advances by itself."""


@answers("POST /v1/invoices/{invoice}/finalize")
def finalize_invoice(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    if found["status"] != "draft":
        raise wrong(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            None,
            "invoice_not_editable",
        )
    found["auto_advance"] = call.given.get("auto_advance", found["auto_advance"])
    finalize(call.world, found)
    return found


def finalize(world: World, invoice: dict[str, Any]) -> None:
    """Number it, use the credit balance, ask for what is left; nothing left: paid."""
    invoices.compute(world, invoice)
    customer = world.objects["customer"][invoice["customer"]]
    now = world.now(invoice["test_clock"])
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    invoice["number"] = f"{customer['invoice_prefix']}-{number:04d}"
    invoice["starting_balance"] = customer["balance"]
    due = use_balance(world, invoice, customer)
    page_of = f"{world.base_url}/invoices/{invoice['id']}"
    invoice.update(
        status="open",
        amount_due=due,
        amount_remaining=due,
        automatically_finalizes_at=None,
        due_date=invoices.due_date(invoice, now),
        effective_at=now,
        ending_balance=customer["balance"],
        hosted_invoice_url=page_of,
        invoice_pdf=f"{page_of}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = now
    if due:
        ask_for(world, invoice, customer)
    world.emit("invoice.finalized", invoice)
    if not due:
        mark_paid(world, invoice)
    elif invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        invoice["next_payment_attempt"] = now


def use_balance(world: World, invoice: dict[str, Any], customer: dict[str, Any]) -> int:
    """Return what is to be paid: less than the least that can be charged waits on the balance."""
    total, kind = invoice["total"], "applied_to_invoice"
    due: int = max(0, total + customer["balance"])
    used = due - total
    if 0 < due < payments.least(invoice["currency"]):
        used, due, kind = -total, 0, "invoice_too_small"
    if used:
        customers.move_balance(
            world, customer, -used, invoice["currency"], kind=kind, invoice=invoice["id"]
        )
    elif customer["currency"] is None:
        customer["currency"] = invoice["currency"]
    return due


def ask_for(world: World, invoice: dict[str, Any], customer: dict[str, Any]) -> None:
    """Make the payment intent that collects it, and the object that ties the two."""
    intent = payments.make(
        world, invoice["amount_due"], invoice["currency"], customer=customer["id"]
    )
    intent["_invoice"] = invoice["id"]
    transitions = {"canceled_at": None, "paid_at": None}
    world.add(
        "invoice_payment",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions=transitions,
        _intent=intent["id"],
        _clock=invoice["test_clock"],
    )
    invoice["confirmation_secret"] = {
        "client_secret": intent["client_secret"],
        "type": "payment_intent",
    }


def payment_of(world: World, invoice: dict[str, Any]) -> dict[str, Any]:
    return world.where("invoice_payment", invoice=invoice["id"], is_default=True)[0]


def mark_paid(world: World, invoice: dict[str, Any], *, out_of_band: bool = False) -> None:
    now = world.now(invoice["test_clock"])
    paid = invoice["amount_due"]
    invoice.update(
        status="paid",
        attempted=True,
        amount_paid=0 if out_of_band else paid,
        amount_paid_off_stripe=paid if out_of_band else 0,
        amount_remaining=0,
        next_payment_attempt=None,
    )
    invoice["status_transitions"]["paid_at"] = now
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)
    subscriptions.invoice_paid(world, invoice)


@answers("POST /v1/invoices/{invoice}/pay")
def pay_invoice(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    if found["status"] == "draft":
        finalize(call.world, found)
    if found["status"] == "paid":
        raise wrong("Invoice is already paid", None, "invoice_already_paid")
    if found["status"] not in {"open", "uncollectible"}:
        raise wrong(f"This invoice can't be paid: it is {found['status']}.")
    if call.given.get("paid_out_of_band"):
        release(call.world, found)
        mark_paid(call.world, found, out_of_band=True)
        return found
    off_session = call.given.get("off_session", True)
    pay(call.world, found, call.given.get("payment_method"), off_session=off_session)
    return found


def pay(
    world: World, invoice: dict[str, Any], named: str | None = None, *, off_session: bool = True
) -> None:
    """Try to collect it. Raises the decline, after saying what failed."""
    subscription = world.objects["subscription"].get(invoices.subscription_of(invoice) or "")
    of_subscription = subscription["default_payment_method"] if subscription else None
    first = (named, invoice["default_payment_method"], of_subscription)
    method = methods.default_of(world, invoice["customer"], *first)
    if method is None:
        note_failure(world, invoice)
        raise wrong(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
            "default payment method on the Customer or Invoice.",
        )
    intent = world.objects["payment_intent"][payment_of(world, invoice)["_intent"]]
    if intent["status"] in payments.OPEN:
        intent["payment_method"] = method["id"]
    try:
        payments.confirm(world, intent, off_session=off_session)
    except Refusal:
        note_failure(world, invoice, asks=asked_for(intent))
        raise
    settle_from(world, intent)
    if intent["status"] == "requires_action":
        note_failure(world, invoice, asks=True)
        raise Refusal(
            402,
            "This payment requires additional user action before it can be completed.",
            type="card_error",
            code="invoice_payment_intent_requires_action",
        )


def asked_for(intent: dict[str, Any]) -> bool:
    return (intent["last_payment_error"] or {}).get("code") == "authentication_required"


def note_failure(world: World, invoice: dict[str, Any], *, asks: bool = False) -> None:
    """Count the attempt, plan the next one, and let the subscription feel it."""
    count = invoice["attempt_count"] + 1
    later = None
    if invoice["auto_advance"] and count <= len(RETRIES):
        later = world.now(invoice["test_clock"]) + RETRIES[count - 1]
    invoice.update(attempted=True, attempt_count=count, next_payment_attempt=later)
    world.emit("invoice.payment_failed", invoice)
    if asks:
        world.emit("invoice.payment_action_required", invoice)
    subscriptions.invoice_failed(world, invoice, is_last=later is None)


def settle_from(world: World, intent: dict[str, Any]) -> None:
    """Mark the intent's invoice as paid, where the intent has been."""
    invoice = world.objects["invoice"].get(intent.get("_invoice") or "")
    if invoice is None or intent["status"] != "succeeded" or invoice["status"] == "paid":
        return
    payment = payment_of(world, invoice)
    payment.update(status="paid", amount_paid=intent["amount"])
    payment["status_transitions"]["paid_at"] = world.now(invoice["test_clock"])
    invoice["attempt_count"] += 1
    world.emit("invoice_payment.paid", payment)
    mark_paid(world, invoice)


def release(world: World, invoice: dict[str, Any]) -> None:
    """Nothing is asked for it any more."""
    for payment in world.where("invoice_payment", invoice=invoice["id"], status="open"):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = world.now(invoice["test_clock"])
        intent = world.objects["payment_intent"][payment["_intent"]]
        if intent["status"] in payments.OPEN:
            payments.drop(world, intent, "void_invoice")
    invoice["next_payment_attempt"] = None


@answers("POST /v1/invoices/{invoice}/void")
def void(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    if found["status"] not in {"open", "uncollectible"}:
        raise wrong(
            "You can only pass in open or uncollectible invoices. "
            f"This invoice is {found['status']}.",
        )
    release(call.world, found)
    found.update(status="void", auto_advance=False)
    found["status_transitions"]["voided_at"] = call.world.now(found["test_clock"])
    call.world.emit("invoice.voided", found)
    return found


@answers("POST /v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call, name: str) -> dict[str, Any]:
    found = call.world.get("invoice", name, "invoice")
    if found["status"] != "open":
        raise wrong(f"You can only mark open invoices. This invoice is {found['status']}.")
    found.update(status="uncollectible", auto_advance=False, next_payment_attempt=None)
    at = call.world.now(found["test_clock"])
    found["status_transitions"]["marked_uncollectible_at"] = at
    call.world.emit("invoice.marked_uncollectible", found)
    return found


@answers("GET /v1/invoice_payments")
def list_payments(call: Call) -> dict[str, Any]:
    rows = list(call.world.all("invoice_payment"))
    wanted = (call.given.get("payment") or {}).get("payment_intent")
    if wanted:
        rows = [row for row in rows if row["_intent"] == wanted]
    return page(call, rows, "invoice", "status")
