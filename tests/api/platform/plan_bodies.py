"""Plans and charges that are valid; a test names only what it is about."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.client import Api, json_of

TIERS: list[dict[str, Any]] = [
    {"upTo": "1000", "unitPrice": "0.02"},
    {"upTo": "5000", "unitPrice": "0.015", "flatFee": "3.00"},
    {"upTo": None, "unitPrice": "0.01"},
]
STEPS: list[dict[str, Any]] = [
    {"upTo": "100", "flatFee": "10"},
    {"upTo": None, "flatFee": "50"},
]
MODELS: dict[str, dict[str, Any]] = {
    "PER_UNIT": {"unitPrice": "0.0035"},
    "PACKAGE": {"packageSize": "1000", "packagePrice": "0.01"},
    "GRADUATED": {"tiers": TIERS},
    "VOLUME": {"tiers": TIERS},
    "PERCENTAGE": {"rate": "1.25", "fixedFee": "0.30"},
    "STAIRCASE": {"tiers": STEPS},
}


def charge(model: str = "PER_UNIT", **fields: Any) -> dict[str, Any]:
    """Make a charge of API_CALLS; a field that is None is sent as null."""
    return {"metricType": "API_CALLS", "model": model, **MODELS[model], **fields}


def plan(**fields: Any) -> dict[str, Any]:
    """Make a plan with a code of its own."""
    return {
        "code": f"plan-{uuid4().hex[:12]}",
        "name": "Pro",
        "currency": "USD",
        "interval": "MONTH",
        "price": "30.00",
        **fields,
    }


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def make(admin: Api, **fields: Any) -> Any:
    return json_of(admin.post("/plans", plan(**fields)), 201)


def masked(body: Any) -> Any:
    """Blank what differs each time: ids and the time."""
    charges = [{**charge, "id": "?"} for charge in body["charges"]]
    return {**body, "id": "?", "createdAt": "?", "charges": charges}
