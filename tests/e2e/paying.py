"""Buy, decline, mend, and be invoiced, over HTTP, at the pages of the stand-in for Stripe.

Three tenants: one buys a price of Stripe's, which leads; one is charged the amount due; one has its
invoice at Stripe, line by line. The cards of the latter two fail first, and are mended.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from launcher.paths import DataFolder
from launcher.stripe_sandbox import of_running
from tests.e2e.callers import Person, person
from tests.e2e.staff import Staff
from tests.e2e.stories import Teller, alone
from tests.e2e.system import System
from tests.stripe_sandbox.person import Person as Buyer

B = "/api/v1/billing"
BACK = "https://app.example.com/bought"
FAILS_LATER = "4000000000000341"
PRICE = {
    "name": "Pro",
    "default_price_data[currency]": "usd",
    "default_price_data[unit_amount]": "4900",
    "default_price_data[recurring][interval]": "month",
}
teller = Teller("stripe")
say, require, wait = teller.say, teller.require, teller.wait


class Shop:
    """The operator, and what it sells."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.admin = person(system, "billing_admin")
        self.buyer = Buyer()
        self.stripe = of_running(DataFolder(system.data))

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

    def page(self, tenant: str, plan: str) -> str:
        said = {"tenantId": tenant, "planId": plan, "successUrl": BACK}
        return str(self.admin.does(200, "POST", f"{B}/stripe/checkout", said)["sessionUrl"])

    def plan_of(self, tenant: str) -> object:
        rows = self.admin.does(200, "GET", f"{B}/tenants/{tenant}/subscriptions")["data"]
        return [(row["status"], row["planCode"]) for row in rows]

    def invoice(self, tenant: str) -> Any:
        """Return the tenant's only invoice."""
        (made,) = self.admin.does(200, "GET", f"{B}/tenants/{tenant}/invoices")["data"]
        return made

    def status_of(self, tenant: str) -> object:
        return self.invoice(tenant)["status"]

    def portal(self, tenant: str) -> str:
        said = {"tenantId": tenant, "returnUrl": "https://app.example.com/"}
        return str(self.admin.does(200, "POST", f"{B}/stripe/portal", said)["portalUrl"])

    def sells_at_stripe(self, product: dict[str, str]) -> str:
        """Make a product with a price in Stripe's dashboard, so to speak; return the price."""
        request = urllib.request.Request(
            f"{self.stripe['STRIPE_API_HOST']}/v1/products",
            data=urllib.parse.urlencode(product).encode(),
            headers={"Authorization": f"Bearer {self.stripe['STRIPE_SECRET_KEY']}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["default_price"])

    def declined(self) -> set[str]:
        """Return the tenants that had a payment declined, as the stand-in for Stripe tells it."""
        place = f"{self.stripe['STRIPE_API_HOST']}/_sandbox/objects"
        with urllib.request.urlopen(place, timeout=30) as answer:
            made = json.load(answer)
        failed = {one["customer"] for one in made["payment_intent"] if one["last_payment_error"]}
        return {one["metadata"]["account"] for one in made["customer"] if one["id"] in failed}


def leads(shop: Shop) -> None:
    """Buy on surface A a tier whose price is Stripe's: its subscription leads from then on."""
    price = shop.sells_at_stripe(PRICE)
    shop.plan("free", price="0")
    wait("Stripe's product is a tier", lambda: shop.tiers().get("Pro", ("", ""))[1], price)
    ids = {name: tier_id for name, (tier_id, _) in shop.tiers().items()}
    shop.admin.does(200, "PUT", f"/admin/tiers/{ids['free']}/default")
    owner = person(shop.system)
    owner.does(201, "POST", "/customer", {"email": "ada@acme.example", "name": "Ada"})
    said = {"tierID": ids["Pro"], "successURL": BACK, "cancelURL": BACK}
    page = owner.does(200, "POST", "/stripe/upgrade", said)["checkoutURL"]
    require(
        "a declined card stays", "declined" in shop.buyer.pays(page, card="4000000000000002"), True
    )
    require("nothing is bought yet", tier_of(owner), ("free", "active"))
    require("the browser comes back", shop.buyer.pays(page), BACK)
    wait("a tier is bought and active", lambda: tier_of(owner), ("Pro", "active"))
    owner.does(409, "POST", "/stripe/upgrade", said)
    require("the portal opens", owner.does(200, "GET", "/stripe/customer")["url"][:4], "http")
    owner.does(501, "POST", "/stripe/payment-method", {})


def tier_of(owner: Person) -> tuple[str, str]:
    tier = owner.does(200, "GET", "/customer/tier")
    return tier["tierName"], tier["subscriptionStatus"]


def begins(shop: Shop) -> list[str]:
    """Have two tenants buy with cards that will fail. One is collected by amount, the other by
    invoice: staff choose that in the back office. Return both.
    """
    plan = shop.plan("collected")
    tenants = [shop.tenant(name) for name in ("amount", "invoice")]
    pages = [shop.page(tenant, plan) for tenant in tenants]
    chooses = f"/admin/paying/profile/{tenants[1]}/choose/"
    Staff(shop.system).submits(chooses, mode="COLLECT", way="INVOICE")
    for page in pages:
        require("the browser comes back", shop.buyer.pays(page, card=FAILS_LATER), BACK)
    for tenant in tenants:
        wait("a plan is bought", partial(shop.plan_of, tenant), [("ACTIVE", "collected")])
        require("its invoice is due", shop.status_of(tenant), "PENDING")
    return tenants


def collects(shop: Shop, tenants: list[str]) -> None:
    """See the cards of both declined, mend them in the portal, and see the invoices paid."""
    wait("both cards are declined", lambda: shop.declined() >= set(tenants), True)

    def at_stripe() -> object:
        return [str(shop.invoice(tenant)["stripeInvoiceId"])[:3] for tenant in tenants]

    wait("one of them is at Stripe, line by line", at_stripe, ["Non", "in_"])
    require("neither is paid", [shop.status_of(one) for one in tenants], ["PENDING"] * 2)
    for tenant in tenants:
        shop.buyer.changes_card(shop.portal(tenant))
    for tenant in tenants:
        wait("mended in the portal", partial(shop.status_of, tenant), "PAID")
    paid = [shop.invoice(one)["amountPaid"] for one in tenants]
    require("both are paid", paid, ["49.00", "49.00"])


def looks(shop: Shop) -> None:
    """Verify all that is kept, and look what an import would take over."""
    said = shop.system.command("bin/manage", "verify")
    require("verify", "All is as it must be" in said, True)
    say(f"verify: {said.strip()}")
    say(f"import: {shop.system.command('bin/manage', 'import_stripe', '--dry-run').strip()}")


def run(system: System) -> None:
    """Run it all on a system with the stand-in for Stripe.

    What is final is collected within 30 seconds: a tier is bought meanwhile.
    """
    started = time.monotonic()
    shop = Shop(system)
    tenants = begins(shop)
    leads(shop)
    collects(shop, tenants)
    looks(shop)
    say(f"done in {time.monotonic() - started:.0f} s: bought, declined, mended, invoiced")


if __name__ == "__main__":
    alone(run, "--stripe-sandbox", teller=teller, about=__doc__ or "")
