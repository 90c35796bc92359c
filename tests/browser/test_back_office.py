"""The back office in a real browser: staff sign in, open every page, and nothing goes wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import cycle
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Page, sync_playwright

from billing.kernel import clock
from customers.models import Customer
from invoicing.models import Invoice, TaxExemption, TaxRate
from invoicing.services import generate_invoice
from tenants.models import Tenant
from tests.admin.test_pages import MODELS, first_of, url
from tests.admin.world import collect, make_customer, make_world, use

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES: dict[str, Literal["light", "dark"]] = {"desk": "light", "phone": "dark"}
SETTLED = """async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
LONG = "Wolpertinger" * 21
# Values that reach beyond their field, and tabs that are put away where there is room for them.
SPILLS = """() => [
    ...[...document.querySelectorAll(".readonly")]
        .filter((one) => one.getBoundingClientRect().right
            > one.parentElement.parentElement.getBoundingClientRect().right + 1)
        .map((one) => one.textContent.slice(0, 30)),
    ...[...document.querySelectorAll("#result_list tbody :is(th, td)")]
        .filter((cell) => cell.getBoundingClientRect().width > 700)
        .map((cell) => cell.textContent.trim().slice(0, 30)),
    ...[...document.querySelectorAll("#tabs-dropdown > *")].map((tab) => tab.textContent.trim()),
]"""


class Watch:
    """Open pages, and keep what a newcomer would frown at.

    Some are opened at a desk in light and some on a phone in dark (of three in a row two: lists and
    what they list take turns, and both are to be opened as both); each is looked at as both.
    """

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.sizes = cycle(("desk", "phone", "phone"))
        self.seen: list[str] = []
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("response", self._response)

    def open(self, path: str) -> None:
        first = next(self.sizes)
        self.turn_to(first)
        self.page.goto(self.base + path, wait_until="load")
        for size in (first, *(other for other in SIZES if other != first), first):
            self.look(path, size)

    def turn_to(self, size: str) -> None:
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=THEMES[size])

    def look(self, path: str, size: str) -> None:
        """Look at the page that is open in one of the sizes."""
        width, _height = SIZES[size]
        self.turn_to(size)
        self.page.evaluate(SETTLED)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.seen.append(f"{path} is {wide} wide, {size}")
        self.seen += [f"{path}: {what} spills, {size}" for what in self.page.evaluate(SPILLS)]

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.seen.append(f"{message.type} {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.seen.append(f"outside {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.seen.append(f"{response.status} {response.url}")


@pytest.fixture
def chromium() -> Iterator[Any]:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs a browser: apt-get install -y chromium")
    # Playwright's loop runs in this thread; our own queries here are not of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
            yield browser
            browser.close()
            connections.close_all()  # while the loop runs, this thread has connections of its own
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def test_staff_signs_in_and_opens_every_page(live_server: Any, chromium: Any) -> None:
    User.objects.create_superuser("ada", password="a long enough one")
    world = make_world(clock.now())
    make_customer(world.tenant, clock.now())
    collect(world, clock.now())
    use(world.tenant, "API_CALLS", 60)
    tax(world.tenant)
    Customer.objects.update(name=LONG)
    Tenant.objects.update(name=LONG)
    page = chromium.new_page()
    watch = Watch(page, live_server.url)

    watch.open("/admin/login/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "a long enough one")
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    for model in MODELS:
        watch.open(url(model, "changelist"))
        row = first_of(model)
        if row is not None:
            watch.open(url(model, "change", row.pk))
    watch.open(f"/admin/usage/?tenant={world.tenant.pk}")
    for invoice, action in ((0, "pay"), (0, "credit"), (0, "write_off"), (1, "pay")):
        watch.open(f"{url(Invoice, 'changelist')}{world.invoices[invoice].pk}/{action}/")

    assert watch.seen == []


def tax(tenant: Tenant) -> None:
    """Enter a rate, and exempt the tenant from it."""
    holds = {"valid_from": date(2020, 1, 1)}
    TaxRate.objects.create(country="DE", name="USt", percent=19, **holds)
    TaxExemption.objects.create(
        account_id=tenant.pk, reason="Embassy", created_at=clock.now(), **holds
    )


def test_staff_finalizes_and_voids_by_clicking(live_server: Any, chromium: Any) -> None:
    User.objects.create_superuser("ada", password="a long enough one")
    world = make_world(clock.now())
    draft = generate_invoice(account_id=world.tenant.pk, now=clock.now())
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watch = Watch(page, live_server.url)
    watch.open(f"/admin/login/?next={url(Invoice, 'change', draft.pk)}")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "a long enough one")
    page.click("button[type=submit]")

    page.click("a:has-text('Finalize')")
    page.click("button:has-text('Finalize')")
    page.wait_for_selector("text=is final.")
    page.click("a:has-text('Void')")
    page.fill("textarea", "Made by mistake")
    page.click("button:has-text('Void')")
    page.wait_for_selector("text=is void.")

    draft.refresh_from_db()
    assert (draft.status, draft.void_reason) == ("VOID", "Made by mistake")
    assert watch.seen == []
