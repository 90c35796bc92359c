"""Error codes: each once, each in the guide, each with a status."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module

from billing.http.errors import status_of
from billing.kernel.errors import BillingError, every_error
from tests.architecture.ours import APPS, ROOT

SHARED_CODES = {
    "FORBIDDEN": "of an event in a batch it is said as of any request",
    "QUOTA_EXCEEDED": "of a tier's quota and of a tenant's own, in the contract's one word",
    "CURRENCY_MISMATCH": "of a plan and of a coupon, in the contract's one word",
}


def errors() -> list[type[BillingError]]:
    """Import every module of errors and all routes; return all classes with a code."""
    import_module("config.urls")
    for app in APPS:
        package = import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if found.name.endswith(".errors"):
                import_module(found.name)
    return [error for error in every_error() if error.__module__.split(".")[0] in APPS]


def rows() -> Iterator[tuple[str, str, str]]:
    text = (ROOT / "docs/guide/errors.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield cells[0].strip("`"), cells[1], cells[2]


def test_each_code_is_one_error() -> None:
    counted = Counter(error.code for error in errors())

    assert {code for code, times in counted.items() if times > 1} <= set(SHARED_CODES)
    assert all(re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", code) for code in counted)


def test_equal_messages_mean_equal_errors() -> None:
    counted = Counter(error.message for error in errors())

    assert {message: times for message, times in counted.items() if times > 1} == {}


def test_the_guide_has_each_code_with_its_status_and_message() -> None:
    expected = {
        (error.code, str(status_of(error.__new__(error))), error.message.replace("|", "\\|"))
        for error in errors()
    }

    assert list(rows()) == sorted(expected)
