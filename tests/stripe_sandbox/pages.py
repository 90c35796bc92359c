"""The pages that a person sees instead of Stripe's: checkout, bank, portal, an invoice."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from tests.stripe_sandbox.errors import Refusal
from tests.stripe_sandbox.resources import checkout, collecting, methods, payments
from tests.stripe_sandbox.world import World

if TYPE_CHECKING:
    from tests.stripe_sandbox.server import Sandbox

Page = tuple[int, str, str]
STYLE: Final = """body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;
padding:0 1rem;color:#1a1f36}h1{font-size:1.3rem}form{margin:1rem 0;padding:1rem;border:1px solid
#d8dee4;border-radius:8px}label{display:block;margin:.5rem 0}input{font:inherit;padding:.4rem;
width:100%;box-sizing:border-box}button{font:inherit;padding:.5rem 1rem;border:0;border-radius:6px;
background:#5046e5;color:#fff;cursor:pointer}button.plain{background:#e3e8ee;color:#1a1f36}
.error{color:#b3093c}.note{color:#5b6472;font-size:.9rem}td,th{padding:.2rem .8rem .2rem 0;
text-align:left}"""


def answer(sandbox: Sandbox, method: str, path: str, body: str) -> Page:
    """Return status, HTML, and where to go instead, if anywhere."""
    parts = path.strip("/").split("/")
    form = {name: values[0] for name, values in parse_qs(body).items()} if body else {}
    show = PAGES.get("/".join(parts[:-1]))
    if show is None:
        return 404, layout("Stripe sandbox", f"<p>Nothing here. API: {escape(sandbox.url)}</p>"), ""
    with sandbox.world.lock:
        try:
            return show(sandbox.world, parts[-1], form if method == "POST" else {})
        except Refusal as refusal:
            return refusal.status, layout("Stripe sandbox", error(refusal)), ""


def layout(title: str, inner: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{inner}"
        '<p class="note">This is a sandbox on this machine, not Stripe: no money moves.</p></html>'
    )


def error(refusal: Refusal) -> str:
    return f'<p class="error" role="alert">{escape(str(refusal))}</p>'


def money(amount: int | None, currency: str | None) -> str:
    """Show minor units; good enough for a page of the sandbox."""
    code = (currency or "").upper()
    if code in {"JPY", "KRW", "VND", "CLP"}:
        return f"{amount or 0} {code}"
    whole, part = divmod(abs(amount or 0), 100)
    return f"{'-' if (amount or 0) < 0 else ''}{whole}.{part:02d} {code}"


def card_field() -> str:
    options = "".join(
        f'<option value="{card.number}">{token.removeprefix("pm_card_")}</option>'
        for token, card in methods.CARDS.items()
    )
    return (
        '<label>Card number <input name="card" value="4242 4242 4242 4242" list="cards" '
        f'autocomplete="off" required></label><datalist id="cards">{options}</datalist>'
    )


def token_of(form: dict[str, str]) -> str:
    number = "".join(letter for letter in form.get("card", "") if letter.isdigit())
    token = methods.BY_NUMBER.get(number)
    if token is None:
        raise Refusal(402, "Your card number is invalid.", type="card_error", code="invalid_number")
    return token


def pay_page(world: World, name: str, form: dict[str, str]) -> Page:
    """Checkout: complete with a card, or go back."""
    session = world.get("checkout.session", name)
    if session["status"] != "open":
        return 200, layout("Checkout", f"<p>This page is {session['status']}.</p>"), ""
    if form.get("do") == "cancel" and session["cancel_url"]:
        return 303, "", filled(session["cancel_url"], name)
    failed = ""
    if form.get("do") == "pay":
        try:
            checkout.complete(world, name, token_of(form), form.get("email", ""))
        except Refusal as refusal:
            failed = error(refusal)
        else:
            return 303, "", filled(session["success_url"], name)
    return 200, layout("Checkout", failed + checkout_form(session)), ""


def filled(url: str, name: str) -> str:
    return url.replace("{CHECKOUT_SESSION_ID}", name)


def checkout_form(session: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{line['quantity']} × {escape(line['description'])}</td>"
        f"<td>{money(line['amount_total'], line['currency'])}</td></tr>"
        for line in session["_lines"]
    )
    total = money(session["amount_total"], session["currency"]) if rows else "nothing now"
    trial = (session["_given"].get("subscription_data") or {}).get("trial_period_days")
    note = f"<p>{trial} days free, then the above.</p>" if trial else ""
    email = "" if session["customer"] else '<label>E-mail <input name="email" type="email"></label>'
    back = '<button class="plain" name="do" value="cancel" formnovalidate>Cancel</button>'
    return (
        f"<table>{rows}<tr><th>Total</th><th>{total}</th></tr></table>{note}"
        f'<form method="post">{email}{card_field()}'
        f'<button name="do" value="pay">Pay</button> {back if session["cancel_url"] else ""}</form>'
        '<p class="note">4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined.</p>'
    )


def bank_page(world: World, name: str, form: dict[str, str]) -> Page:
    """The question of the customer's bank: agree, or do not."""
    intent = world.get("payment_intent", name)
    where = ((intent["next_action"] or {}).get("redirect_to_url") or {}).get("return_url") or ""
    if form:
        payments.authenticate(world, name, agrees=form.get("do") == "agree")
        payments.settle_invoice(world, intent)
        return (303, "", where) if where else (200, layout("Your bank", "<p>Done.</p>"), "")
    asks = f"<p>Pay {money(intent['amount'], intent['currency'])}?</p>"
    buttons = (
        '<form method="post"><button name="do" value="agree">Authenticate</button> '
        '<button class="plain" name="do" value="refuse">Fail</button></form>'
    )
    return 200, layout("Your bank", asks + buttons), ""


def portal_page(world: World, name: str, form: dict[str, str]) -> Page:
    """The portal: another card, open invoices, an end to subscriptions."""
    session = world.get("billing_portal.session", name)
    customer = world.get("customer", session["customer"])
    failed = ""
    try:
        act(world, customer, form)
    except Refusal as refusal:
        failed = error(refusal)
    back = session["return_url"]
    link = f'<p><a href="{escape(back)}">Return</a></p>' if back else ""
    return 200, layout("Your billing", failed + portal_body(world, customer) + link), ""


def act(world: World, customer: dict[str, Any], form: dict[str, str]) -> None:
    what, about = form.get("do"), form.get("about", "")
    if what == "card":
        made = methods.make(world, token_of(form))
        methods.attach_to(world, made["id"], customer["id"])
        settings = {**customer["invoice_settings"], "default_payment_method": made["id"]}
        world.change(customer, "customer.updated", invoice_settings=settings)
        for row in world.where("subscription", customer=customer["id"]):
            if row["default_payment_method"]:
                name = made["id"]
                world.change(row, "customer.subscription.updated", default_payment_method=name)
    elif what == "pay" and owned(world, "invoice", about, customer):
        collecting.pay(world, world.get("invoice", about), off_session=False)
    elif what in {"cancel", "resume"} and owned(world, "subscription", about, customer):
        from tests.stripe_sandbox.resources import renewing

        row = world.get("subscription", about)
        fields: dict[str, Any] = {"cancel_at_period_end": what == "cancel"}
        renewing.note_cancellation(world, row, fields)
        world.change(row, "customer.subscription.updated", **fields)


def owned(world: World, kind: str, name: str, customer: dict[str, Any]) -> bool:
    return bool(world.get(kind, name)["customer"] == customer["id"])


def portal_body(world: World, customer: dict[str, Any]) -> str:
    cards = "".join(
        f"<li>{row['card']['brand']} •••• {row['card']['last4']}</li>"
        for row in world.where("payment_method", customer=customer["id"])
    )
    parts = [f"<p>{escape(customer['email'] or '')}</p><ul>{cards}</ul>"]
    parts.append(
        f'<form method="post">{card_field()}<button name="do" value="card">Use this card</button>'
        "</form>"
    )
    for row in world.where("invoice", customer=customer["id"], status="open"):
        words = f"Invoice {row['number']}: {money(row['amount_remaining'], row['currency'])}"
        parts.append(button(words, row["id"], "pay", "Pay"))
    for row in world.where("subscription", customer=customer["id"]):
        if row["status"] not in {"canceled", "incomplete_expired"}:
            ends = row["cancel_at_period_end"]
            words = f"Subscription ({row['status']}{', ends with its period' if ends else ''})"
            what = ("resume", "Keep it") if ends else ("cancel", "Cancel")
            parts.append(button(words, row["id"], *what))
    return "".join(parts)


def button(words: str, about: str, what: str, label: str) -> str:
    return (
        f'<form method="post"><p>{escape(words)}</p><input type="hidden" name="about" '
        f'value="{escape(about)}"><button name="do" value="{what}">{label}</button></form>'
    )


def invoice_page(world: World, name: str, form: dict[str, str]) -> Page:
    """The page of one invoice: what stands on it, and paying it with a card."""
    invoice = world.get("invoice", name)
    failed = ""
    if form.get("do") == "pay" and invoice["status"] == "open":
        try:
            made = methods.make(world, token_of(form))
            methods.attach_to(world, made["id"], invoice["customer"])
            collecting.pay(world, invoice, made["id"], off_session=False)
        except Refusal as refusal:
            failed = error(refusal)
    rows = "".join(
        f"<tr><td>{escape(line['description'] or '')}</td>"
        f"<td>{money(line['amount'], line['currency'])}</td></tr>"
        for line in invoice["lines"]["data"]
    )
    due = money(invoice["amount_remaining"], invoice["currency"])
    body = (
        f"<p>This invoice is {invoice['status']}.</p>"
        f"<table>{rows}<tr><th>Due</th><th>{due}</th></tr></table>"
    )
    if invoice["status"] == "open":
        pays = '<button name="do" value="pay">Pay</button>'
        body += f'<form method="post">{card_field()}{pays}</form>'
    return 200, layout(f"Invoice {invoice['number'] or ''}", failed + body), ""


PAGES: Final = {
    "pay": pay_page,
    "pay/authenticate": bank_page,
    "portal": portal_page,
    "invoices": invoice_page,
}
