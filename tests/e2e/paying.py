"""Buy, decline, mend, and be invoiced, over HTTP, at the pages of the stand-in for Stripe.

Three tenants: one buys a price of Stripe's, which leads; one is charged the amount due; one has its
invoice at Stripe, line by line. The cards of the latter two fail first, and are mended.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.e2e.callers import Person, person
from tests.e2e.system import System
from tests.stripe_sandbox.person import Person as Buyer

ROOT = Path(__file__).resolve().parents[2]
B = "/api/v1/billing"
FAILS_LATER = "4000000000000341"
PATIENCE_SECONDS = 50
PRICE = """
from billing.stripe.objects import objects
made = objects().make("product", key="e2e-product", name="Pro")
monthly = {"interval": "month"}
price = objects().make("price", key="e2e-price", product=made["id"], currency="usd",
    unit_amount=4900, recurring=monthly)
print("price:", price["id"])
"""
BY_INVOICE = """
from uuid import UUID
from billing.kernel import clock
from paying.choosing import choose_mode
choose_mode(account_id=UUID("{id}"), mode="COLLECT", way="INVOICE", now=clock.now())
"""


def say(text: str) -> None:
    print(f"stripe: {text}", flush=True)


def require(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        sys.exit(f"stripe: {what}: {seen!r} is not {wanted!r}")


def wait(what: str, look: Callable[[], object], wanted: object) -> None:
    """Look until it is as wanted: workers take what is due within seconds, sweeps within 30."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (seen := look()) != wanted:
        if time.monotonic() > until:
            sys.exit(f"stripe: {what}: still {seen!r}, not {wanted!r}")
        time.sleep(0.5)
    say(what)


class Shop:
    """The operator, and what it sells."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.admin = person(system, "billing_admin")
        system.token = self.admin.headers["Authorization"].removeprefix("Bearer ")
        self.buyer = Buyer()
        self.stripe = ""

    def plan(self, code: str, **more: Any) -> str:
        said: dict[str, Any] = {"code": code, "name": code, "currency": "USD"}
        said |= {"interval": "MONTH", "price": "49.00", "payInAdvance": True, **more}
        return str(self.admin.does(201, "POST", f"{B}/plans", said)["id"])

    def tenant(self, name: str) -> str:
        said = {"name": name, "billingEmail": f"{name}@acme.example"}
        return str(self.admin.does(201, "POST", f"{B}/tenants", said)["id"])

    def tiers(self) -> dict[str, tuple[str, str]]:
        """Return the tiers by name: the id and Stripe's price of each."""
        rows = self.admin.does(200, "GET", "/admin/tiers")["tiers"]
        return {row["name"]: (row["id"], row["stripePriceId"]) for row in rows}

    def buys(self, tenant: str, plan: str, *, card: str) -> None:
        back = "https://app.example.com/bought"
        said = {"tenantId": tenant, "planId": plan, "successUrl": back}
        page = self.admin.does(200, "POST", f"{B}/stripe/checkout", said)
        self.stripe = "/".join(page["sessionUrl"].split("/")[:3])
        require("the browser comes back", self.buyer.pays(page["sessionUrl"], card=card), back)

    def plan_of(self, tenant: str) -> object:
        rows = self.admin.does(200, "GET", f"{B}/tenants/{tenant}/subscriptions")["data"]
        return [(row["status"], row["planCode"]) for row in rows]

    def bills(self, tenant: str) -> str:
        """Make the first invoice final at once: by itself it is after an hour."""
        made = self.system.call("POST", f"{B}/tenants/{tenant}/invoices", {})
        return str(self.system.call("POST", f"{B}/invoices/{made['id']}/finalize", {})["id"])

    def invoice(self, name: str) -> Any:
        return self.admin.does(200, "GET", f"{B}/invoices/{name}")

    def status_of(self, name: str) -> object:
        return self.invoice(name)["status"]

    def portal(self, tenant: str) -> str:
        said = {"tenantId": tenant, "returnUrl": "https://app.example.com/"}
        return str(self.admin.does(200, "POST", f"{B}/stripe/portal", said)["portalUrl"])

    def shell(self, code: str) -> str:
        return self.system.command("bin/manage", "shell", "-v", "0", "-c", code)

    def declined(self) -> int:
        """How many payments were declined, as the stand-in for Stripe tells it."""
        with urllib.request.urlopen(f"{self.stripe}/_sandbox/objects", timeout=30) as answer:
            intents = json.load(answer)["payment_intent"]
        return sum(1 for one in intents if one["last_payment_error"])


def leads(shop: Shop) -> None:
    """Buy on surface A a tier whose price is Stripe's: its subscription leads from then on."""
    price = shop.shell(PRICE).rpartition("price: ")[2].strip()
    shop.plan("free", price="0")
    wait("Stripe's product is a tier", lambda: shop.tiers().get("Pro", ("", ""))[1], price)
    ids = {name: tier_id for name, (tier_id, _) in shop.tiers().items()}
    shop.admin.does(200, "PUT", f"/admin/tiers/{ids['free']}/default")
    owner = person(shop.system)
    owner.does(201, "POST", "/customer", {"email": "ada@acme.example", "name": "Ada"})
    back = "https://app.example.com/bought"
    said = {"tierID": ids["Pro"], "successURL": back, "cancelURL": back}
    page = owner.does(200, "POST", "/stripe/upgrade", said)["checkoutURL"]
    require(
        "a declined card stays", "declined" in shop.buyer.pays(page, card="4000000000000002"), True
    )
    require("nothing is bought yet", tier_of(owner), ("free", "active"))
    require("the browser comes back", shop.buyer.pays(page), back)
    wait("a tier is bought and active", lambda: tier_of(owner), ("Pro", "active"))
    owner.does(409, "POST", "/stripe/upgrade", said)
    require("the portal opens", owner.does(200, "GET", "/stripe/customer")["url"][:4], "http")
    owner.does(501, "POST", "/stripe/payment-method", {})


def tier_of(owner: Person) -> tuple[str, str]:
    tier = owner.does(200, "GET", "/customer/tier")
    return tier["tierName"], tier["subscriptionStatus"]


def collects(shop: Shop) -> None:
    """Have two tenants' invoices collected, by amount and by invoice: declined, and mended."""
    plan = shop.plan("collected")
    tenants = {name: shop.tenant(name) for name in ("amount", "invoice")}
    for tenant in tenants.values():
        shop.buys(tenant, plan, card=FAILS_LATER)
    for name, tenant in tenants.items():
        wait(f"a plan is bought ({name})", partial(shop.plan_of, tenant), [("ACTIVE", "collected")])
    shop.shell(BY_INVOICE.format(id=tenants["invoice"]))
    before = shop.declined()
    invoices = {name: shop.bills(tenant) for name, tenant in tenants.items()}
    wait("both cards are declined", shop.declined, before + 2)
    pushed = shop.invoice(invoices["invoice"])
    seen = (pushed["status"], str(pushed["stripeInvoiceId"])[:3])
    require("one of them is at Stripe, line by line", seen, ("PENDING", "in_"))
    for tenant in tenants.values():
        shop.buyer.changes_card(shop.portal(tenant))
    for name, one in invoices.items():
        wait(f"mended in the portal ({name})", partial(shop.status_of, one), "PAID")
    paid = [shop.invoice(one)["amountPaid"] for one in invoices.values()]
    require("both are paid", paid, ["49.00", "49.00"])


def looks(shop: Shop) -> None:
    """Verify all that is kept, and look what an import would take over."""
    said = shop.system.command("bin/manage", "verify")
    require("verify", "All is as it must be" in said, True)
    say(f"verify: {said.strip()}")
    say(f"import: {shop.system.command('bin/manage', 'import_stripe', '--dry-run').strip()}")


def run(system: System) -> None:
    """Run it all. The system has no customers yet, and runs with the stand-in for Stripe."""
    started = time.monotonic()
    shop = Shop(system)
    leads(shop)
    collects(shop)
    looks(shop)
    say(f"done in {time.monotonic() - started:.0f} s: bought, declined, mended, invoiced")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix=f"billing-stripe-{uuid4().hex[:6]}-"))
    system = System(ROOT, home / "data")
    try:
        say(f"up in {system.up('--stripe-sandbox'):.0f} s")
        run(system)
    finally:
        system.command("bin/up", "--stop", check=False)
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
