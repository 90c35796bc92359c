"""Rates and exemptions of the scenarios about tax, written as staff would."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from invoicing.models import TaxExemption, TaxRate

FRENCH = "FR61954506077"
LONG_AGO = date(2020, 1, 1)


def rate(country: str, percent: str, name: str = "VAT", **fields: Any) -> TaxRate:
    given = {"country": country, "percent": percent, "name": name, "valid_from": LONG_AGO, **fields}
    return TaxRate.objects.create(**given)


def exempt(tenant: str, reason: str, **fields: Any) -> TaxExemption:
    given = {"valid_from": LONG_AGO, "created_at": datetime(2025, 1, 1, tzinfo=UTC), **fields}
    return TaxExemption.objects.create(account_id=tenant, reason=reason, **given)


def taxes(invoice: Any) -> list[tuple[str, str, str]]:
    """Return (name, rate, amount) of the lines of tax."""
    return [
        (line["description"], line["taxRate"], line["amount"])
        for line in invoice["lines"]
        if line["type"] == "TAX"
    ]
