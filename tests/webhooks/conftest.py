"""A receiver on loopback, and the setting that lets us send there."""

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
