"""Bodies of usage: good, misshapen, against a rule."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

GOOD = {"metricType": "API_CALLS", "eventId": "good"}
DEEP = '{"a":' * 1000 + "1" + "}" * 1000

BAD_BODIES = {
    "empty": "",
    "blank": "  ",
    "truncated": '{"metricType": "API_CALLS"',
    "not json": "metricType=API_CALLS",
    "two values": '{"metricType": "API_CALLS"} {}',
    "not utf-8": b'{"metricType": "\xff"}',
    "utf-16": '{"metricType": "API_CALLS"}'.encode("utf-16"),
    "nan": '{"metricType": "API_CALLS", "quantity": NaN}',
    "infinity": '{"metricType": "API_CALLS", "quantity": -Infinity}',
}


BAD_SHAPES: dict[str, tuple[str, str]] = {
    "no metricType": ("metricType", '{"quantity": 1}'),
    "metricType null": ("metricType", '{"metricType": null}'),
    "metricType number": ("metricType", '{"metricType": 5}'),
    "unknown field": ("colour", '{"metricType": "API_CALLS", "colour": 1}'),
    "NUL": ("eventId", '{"metricType": "API_CALLS", "eventId": "a\\u0000b"}'),
    "lone surrogate": ("event", '{"metricType": "API_CALLS", "eventId": "a\\ud800b"}'),
    "empty eventId": ("eventId", '{"metricType": "API_CALLS", "eventId": ""}'),
    "long eventId": ("eventId", f'{{"metricType": "API_CALLS", "eventId": "{"x" * 256}"}}'),
    "number eventId": ("eventId", '{"metricType": "API_CALLS", "eventId": 5}'),
    "long resourceId": (
        "resourceId",
        f'{{"metricType": "API_CALLS", "resourceId": "{"x" * 256}"}}',
    ),
    "correction yes": ("correction", '{"metricType": "API_CALLS", "correction": "yes"}'),
    "correction null": ("correction", '{"metricType": "API_CALLS", "correction": null}'),
    "bad cost center": ("costCenterId", '{"metricType": "API_CALLS", "costCenterId": "7"}'),
    **{
        f"quantity {text[:20]}": ("quantity", f'{{"metricType": "API_CALLS", "quantity": {text}}}')
        for text in (
            *("null", "true", "false", "[]", "{}", '""', '"x"', '"NaN"', '"Infinity"', '"1_000"'),
            *('" 1"', '"1 "', '"١٢"', '"+1"', '"1."', '".5"', '"1e3"', '"0x10"', "1e400", "1e-13"),
            *("9" * 60, f'"{"9" * 60}"', f'"{"9" * 16}"', "0.0000000000001", "1e15"),
        )
    },
    **{
        f"timestamp {text[:30]}": (
            "timestamp",
            f'{{"metricType": "API_CALLS", "timestamp": {text}}}',
        )
        for text in (
            *('"0000-01-01T00:00:00Z"', '"yesterday"', '""', "1750000000", '"2025-06-15"'),
            *('"2025-02-30T00:00:00Z"', '"2025-06-15T25:00:00Z"', '"2025-06-15T12:00:00+2"'),
            *('"9999-12-31T23:59:59-01:00"', "true"),
        )
    },
    **{
        f"metadata {name}": ("metadata", f'{{"metricType": "API_CALLS", "metadata": {text}}}')
        for name, text in {
            "list": "[1]",
            "number": "5",
            "text": '"hello"',
            "list in text": '"[1]"',
            "six levels": '{"a":' * 6 + "1" + "}" * 6,
            "six lists": '{"a":' + "[" * 5 + "]" * 5 + "}",
            "too long": json.dumps({"a": "x" * 16_400}),
            "huge exponent": '{"a": 1e999999}',
            "NUL": '{"a": "\\u0000"}',
            "NUL in text": '"{\\"a\\": \\"\\\\u0000\\"}"',
            "NUL in name": '{"\\u0000": 1}',
        }.items()
    },
}


def event(**fields: Any) -> dict[str, Any]:
    return {"metricType": "API_CALLS", "eventId": "ruled", **fields}


BROKEN_RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "unknown metric": ("UNKNOWN_METRIC_TYPE", event(metricType="NO_SUCH")),
    "wrong unit": ("WRONG_UNIT", event(unit="bytes")),
    "negative": ("NEGATIVE_QUANTITY", event(quantity="-1")),
    "negative of a maximum": (
        "NEGATIVE_QUANTITY",
        event(metricType="STORAGE_BYTES", quantity="-1", correction=True),
    ),
    "correction of a maximum": (
        "NOT_A_CORRECTION",
        event(metricType="STORAGE_BYTES", correction=True),
    ),
    "future": ("TIMESTAMP_IN_FUTURE", event(timestamp="2025-06-15T13:00:00.000001Z")),
    "far future": ("TIMESTAMP_IN_FUTURE", event(timestamp="9999-12-31T23:59:59Z")),
    "too old": ("TIMESTAMP_TOO_OLD", event(timestamp="2024-05-11T11:59:59.999999Z")),
    "long ago": ("TIMESTAMP_TOO_OLD", event(timestamp="0001-01-01T00:00:00Z")),
    "no user": ("MISSING_UNIQUE_FIELD", event(metricType="ACTIVE_USERS")),
    "unknown cost center": ("UNKNOWN_COST_CENTER", event(costCenterId=str(uuid4()))),
    "unknown cost center code": ("UNKNOWN_COST_CENTER", event(costCenterCode="R&D")),
}
