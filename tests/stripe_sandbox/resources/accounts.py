"""The account whose key is used."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox import document
from tests.stripe_sandbox.calls import Call, answers


@answers("GET /v1/account")
def retrieve(call: Call) -> dict[str, Any]:
    return document.blank(
        "account",
        {
            "id": call.world.account,
            "object": "account",
            "country": "DE",
            "default_currency": "eur",
            "charges_enabled": True,
            "details_submitted": True,
            "payouts_enabled": True,
            "type": "standard",
        },
    )
