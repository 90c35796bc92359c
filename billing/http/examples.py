"""Examples that stand in the API document: each is a real answer of this system."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiExample

TENANT: Final = [
    OpenApiExample(
        "A tenant in Berlin",
        request_only=True,
        value={
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
        },
    )
]
