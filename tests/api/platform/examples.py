"""A meter and a plan, as they are asked for and as they are answered."""

from __future__ import annotations

from typing import Any, Final

METER: Final[dict[str, Any]] = {
    "metricType": "TOKENS",
    "name": "Tokens",
    "unit": "tokens",
    "aggregation": "SUM",
    "uniqueField": None,
    "isActive": True,
}
METER_REQUEST: Final = {k: v for k, v in METER.items() if v is not None}
METER_PATCH: Final = {"name": "Tokens read and written", "isActive": False}

PLAN_REQUEST: Final[dict[str, Any]] = {
    "code": "pro",
    "name": "Pro",
    "description": "For teams in production.",
    "currency": "USD",
    "interval": "MONTH",
    "price": "49.00",
    "payInAdvance": True,
    "trialDays": 14,
    "sortOrder": 2,
    "minimumCommitment": "60.00",
    "charges": [
        {
            "metricType": "API_CALLS",
            "description": "API calls in the EU",
            "model": "GRADUATED",
            "filter": {"region": "eu"},
            "includedQuantity": "10000",
            "minimumAmount": "5.00",
            "tiers": [
                {"upTo": "100000", "unitPrice": "0.0035"},
                {"upTo": None, "unitPrice": "0.002", "flatFee": "10"},
            ],
        },
        {
            "metricType": "STORAGE_BYTES",
            "model": "PACKAGE",
            "packageSize": "1000000000",
            "packagePrice": "0.12",
        },
    ],
    "limits": [
        {"serviceName": "api", "featureKey": "requests", "value": 600, "window": "minute"},
        {"serviceName": "workspace", "featureKey": "seats", "value": -1},
    ],
}
PLAN: Final[dict[str, Any]] = {
    "id": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11",
    "code": "pro",
    "name": "Pro",
    "description": "For teams in production.",
    "version": 1,
    "currency": "USD",
    "interval": "MONTH",
    "price": "49.00",
    "payInAdvance": True,
    "trialDays": 14,
    "isActive": True,
    "isDefault": False,
    "sortOrder": 2,
    "stripePriceId": None,
    "taxBehavior": "EXCLUSIVE",
    "taxCategory": "STANDARD",
    "minimumCommitment": "60.00",
    "charges": [
        {
            "id": "019a2f6e-8c1d-7e02-9d1e-0c8a4b7f2f35",
            "metricType": "API_CALLS",
            "description": "API calls in the EU",
            "model": "GRADUATED",
            "includedQuantity": "10000",
            "filter": {"region": "eu"},
            "minimumAmount": "5.00",
            "maximumAmount": None,
            "taxCategory": "STANDARD",
            "tiers": [
                {"upTo": "100000", "unitPrice": "0.0035", "flatFee": None},
                {"upTo": None, "unitPrice": "0.002", "flatFee": "10"},
            ],
        },
        {
            "id": "019a2f6e-8c1d-7e02-9d1e-0c8a4b7f2f36",
            "metricType": "STORAGE_BYTES",
            "description": None,
            "model": "PACKAGE",
            "includedQuantity": None,
            "filter": None,
            "minimumAmount": None,
            "maximumAmount": None,
            "taxCategory": "STANDARD",
            "packageSize": "1000000000",
            "packagePrice": "0.12",
        },
    ],
    "limits": [
        {
            "serviceName": "api",
            "featureKey": "requests",
            "value": 600,
            "window": "minute",
            "description": "",
        },
        {
            "serviceName": "workspace",
            "featureKey": "seats",
            "value": -1,
            "window": None,
            "description": "",
        },
    ],
    "createdAt": "2026-01-31T10:00:00Z",
}
PLAN_PATCH: Final = {"price": "59.00", "name": "Pro 2026"}
