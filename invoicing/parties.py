"""Who sells and who buys, as an invoice prints them; and the tax rates between the two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q

from invoicing.models import TaxRate
from tenants.models import Tenant


def seller() -> dict[str, str]:
    """Return the seller's block, from the settings."""
    config = settings.BILLING
    return {
        "name": config["SELLER_NAME"],
        "address": "\n".join(part.strip() for part in config["SELLER_ADDRESS"].split("|")),
        "taxId": config["SELLER_TAX_ID"],
        "email": config["SELLER_EMAIL"],
    }


def buyer(tenant: Tenant) -> dict[str, str]:
    """Return the buyer's block, as the tenant is now."""
    return {
        "name": tenant.name,
        "address": address_lines(tenant.address or {}),
        "taxId": tenant.tax_id,
        "email": tenant.billing_email,
    }


def address_lines(address: dict[str, Any]) -> str:
    """Write an address as lines, in the order of the fields that are there."""
    town = " ".join(filter(None, (address.get("postalCode"), address.get("city"))))
    parts = (
        address.get("line1") or address.get("street"),
        address.get("line2"),
        town,
        address.get("state") or address.get("region"),
        address.get("country"),
    )
    return "\n".join(part for part in parts if part)


def tax_rates(tenant: Tenant, *, on: date) -> dict[str, tuple[str, Decimal]]:
    """Return, by tax category, the name and percentage that hold for the tenant on a day.

    By its country, and its region before the country as a whole; none where none is configured.
    """
    address = tenant.address or {}
    country, region = (
        address.get("country") or "",
        address.get("region") or address.get("state") or "",
    )
    rows = TaxRate.objects.filter(
        Q(region="") | Q(region=region),
        Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        country=country,
        valid_from__lte=on,
    ).order_by("region", "valid_from")
    # In this order a later row is the better one: a region's, then the newest.
    return {row.tax_category: (row.name, row.percent) for row in rows}
