"""A person at the sandbox's pages, for tests without a browser."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Do not follow: where it leads is the answer."""
        return


class Person:
    """Fills in forms. Each act returns where it led, or the page's HTML where it stayed."""

    def __init__(self) -> None:
        self.browser = urllib.request.build_opener(_Stay)

    def submits(self, url: str, **form: str) -> str:
        try:
            with self.browser.open(url, urlencode(form).encode()) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as error:
            return error.headers.get("Location") or error.read().decode()

    def pays(self, url: str, *, card: str = "4242424242424242") -> str:
        return self.submits(url, do="pay", card=card)

    def cancels(self, url: str) -> str:
        return self.submits(url, do="cancel", card="")

    def changes_card(self, url: str, *, card: str = "4242424242424242") -> str:
        return self.submits(url, do="card", card=card)

    def pays_invoice(self, url: str, invoice: str) -> str:
        return self.submits(url, do="pay", about=invoice)

    def answers_bank(self, url: str, *, agrees: bool = True) -> str:
        return self.submits(url, do="agree" if agrees else "refuse")
