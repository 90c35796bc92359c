"""Examples of invoices, previews and test clocks in the API document, of one tenant's January."""

from __future__ import annotations

from typing import Any, Final

LINES: Final[list[dict[str, Any]]] = [
    {
        "type": "PLAN",
        "description": "Pro",
        "metricType": None,
        "chargeId": None,
        "quantity": "1",
        "unit": None,
        "unitPrice": "49",
        "amount": "49.00",
        "discountAmount": "0.00",
        "taxRate": None,
        "periodStart": "2026-01-01T00:00:00Z",
        "periodEnd": "2026-02-01T00:00:00Z",
        "breakdown": [],
    },
    {
        "type": "USAGE",
        "description": "API calls",
        "metricType": "API_CALLS",
        "chargeId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0004",
        "quantity": "1500",
        "unit": "count",
        "unitPrice": None,
        "amount": "25.00",
        "discountAmount": "0.00",
        "taxRate": None,
        "periodStart": "2026-01-01T00:00:00Z",
        "periodEnd": "2026-02-01T00:00:00Z",
        "breakdown": [
            {
                "from": "0",
                "to": "1000",
                "quantity": "1000",
                "unitPrice": "0.02",
                "flatFee": "0",
                "amount": "20",
            },
            {
                "from": "1000",
                "to": "1500",
                "quantity": "500",
                "unitPrice": "0.01",
                "flatFee": "0",
                "amount": "5",
            },
        ],
    },
]
INVOICE: Final[dict[str, Any]] = {
    "id": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0005",
    "invoiceNumber": "INV-2026-000001",
    "tenantId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0002",
    "subscriptionId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0001",
    "status": "PENDING",
    "currency": "USD",
    "periodStart": "2026-01-01T00:00:00Z",
    "periodEnd": "2026-02-01T00:00:00Z",
    "issueDate": "2026-01-20",
    "dueDate": "2026-02-03",
    "lines": LINES,
    "subtotal": "74.00",
    "discountTotal": "0.00",
    "taxTotal": "0.00",
    "total": "74.00",
    "creditGranted": "0.00",
    "creditsApplied": "0.00",
    "amountPaid": "0.00",
    "amountDue": "74.00",
    "stripeInvoiceId": None,
    "finalizedAt": "2026-01-20T12:00:00Z",
    "paidAt": None,
    "voidedAt": None,
    "voidReason": None,
    "createdAt": "2026-01-20T12:00:00Z",
}
DRAFT: Final[dict[str, Any]] = {
    **INVOICE,
    "invoiceNumber": None,
    "status": "DRAFT",
    "issueDate": None,
    "dueDate": None,
    "finalizedAt": None,
}
VOID: Final[dict[str, Any]] = {
    **INVOICE,
    "status": "VOID",
    "voidedAt": "2026-01-20T12:00:00Z",
    "voidReason": "Sent to the wrong address",
}
PREVIEW: Final[dict[str, Any]] = {
    "tenantId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0002",
    "subscriptionId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0001",
    "planId": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0003",
    "currency": "USD",
    "periodStart": "2026-01-01T00:00:00Z",
    "periodEnd": "2026-02-01T00:00:00Z",
    "asOf": "2026-01-20T12:00:00Z",
    "lines": LINES,
    "subtotal": "74.00",
    "discountTotal": "0.00",
    "taxTotal": "0.00",
    "total": "74.00",
    "creditGranted": "0.00",
    "creditsApplied": "0.00",
    "amountDue": "74.00",
}
GENERATE: Final = {"periodStart": "2026-01-01T00:00:00Z", "periodEnd": "2026-02-01T00:00:00Z"}
CLOCK: Final = {
    "id": "019b7a2c-4b10-7c3e-9f41-5d2f8a6c0006",
    "name": "",
    "frozenTime": "2026-01-20T12:00:00Z",
    "reachedAt": "2026-01-20T12:00:00Z",
    "status": "READY",
}
