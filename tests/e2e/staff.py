"""Somebody in the back office of a running system, with its forms and its session."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.e2e.system import System


class Staff:
    """Signed in as the operator that the first start made."""

    def __init__(self, system: System) -> None:
        self.home = f"http://127.0.0.1:{system.port}"
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        password = json.loads((system.data / "secrets.json").read_text())["admin_password"]
        self.submits("/admin/login/", username="admin", password=password, next="/admin/")

    def submits(self, path: str, **fields: str) -> str:
        """Open a page with a form, fill it in and send it; return the page that came of it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.opens(path))
        if token is None:
            sys.exit(f"{path} has no form")
        sent = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self.opens(path, sent)

    def opens(self, path: str, sent: bytes | None = None) -> str:
        request = urllib.request.Request(self.home + path, data=sent)
        request.add_header("Referer", self.home + path)
        try:
            with self.browser.open(request, timeout=60) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read()[:500]!r}")
