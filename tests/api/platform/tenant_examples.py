"""A tenant, as it is asked for and as it is answered."""

from __future__ import annotations

from typing import Any, Final

REQUEST: Final[dict[str, Any]] = {
    "name": "Acme Analytics",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "billingEmail": "billing@acme.example",
    "address": {
        "line1": "Torstraße 1",
        "city": "Berlin",
        "postalCode": "10119",
        "country": "DE",
    },
}
ANSWER: Final[dict[str, Any]] = {
    "id": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11",
    "customerId": None,
    **REQUEST,
    "taxId": None,
    "budget": None,
    "creditBalance": "0.00",
    "testClockId": None,
    "createdAt": "2026-01-31T10:00:00Z",
}
PATCH: Final = {"budget": "2500.00", "taxId": "DE123456789"}
