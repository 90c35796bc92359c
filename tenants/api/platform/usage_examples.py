"""Examples of usage in the API document."""

from __future__ import annotations

from typing import Any, Final

EVENT: Final[dict[str, Any]] = {
    "metricType": "API_CALLS",
    "quantity": "3",
    "eventId": "req-8f14e45f",
    "timestamp": "2026-01-31T10:00:00Z",
    "resourceId": "gateway-eu",
    "metadata": {"model": "gpt-4"},
}
RECORDED: Final = {"eventId": "req-8f14e45f", "status": "recorded"}
DUPLICATE: Final = {"eventId": "req-8f14e45f", "status": "duplicate"}
BATCH: Final = [EVENT, {"metricType": "COMPUTE_SECONDS", "quantity": "12.5", "eventId": "job-17"}]
TAKEN: Final = {"accepted": 2, "duplicates": 0, "rejected": []}
REJECTED: Final = {
    "index": 1,
    "eventId": "job-17",
    "code": "UNKNOWN_METRIC_TYPE",
    "message": "There is no meter of this metricType.",
}
PARTLY: Final = {"accepted": 1, "duplicates": 0, "rejected": [REJECTED]}
SUMMARY: Final = {
    "tenantId": "019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "metrics": [
        {
            "metricType": "API_CALLS",
            "unit": "count",
            "aggregation": "SUM",
            "quantity": "1203",
            "events": 401,
        }
    ],
}
STORED: Final = {
    **EVENT,
    "unit": "count",
    "resourceType": None,
    "userId": None,
    "costCenterId": None,
    "correction": False,
    "recordedAt": "2026-01-31T10:00:01.25Z",
    "voidedAt": None,
}
PAGE: Final = {"data": [STORED], "nextCursor": "MTc2OTg1MzYwMDAwMDAwMC4xNzAwMDM"}
