"""A tenant that pays for calls, on a test clock or on real time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def loopback_allowed(settings: Any) -> None:
    settings.BILLING = {**settings.BILLING, "BILLING_WEBHOOK_NETWORKS": ("127.0.0.0/8",)}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
