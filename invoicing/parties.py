"""Who sells and who buys, as an invoice keeps them."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from tenants.models import Tenant

POSTAL: Final = ("line1", "line2", "line3", "postalCode", "city", "region", "country")
"""The parts of an address, as electronic invoices want them. Those that are not known are empty."""


def seller() -> dict[str, Any]:
    """Return the seller's block, from the settings: lines to print, parts, where to pay."""
    config = settings.BILLING
    return {
        "name": config["SELLER_NAME"],
        "address": "\n".join(_lines(config["SELLER_ADDRESS"])),
        "taxId": config["SELLER_TAX_ID"],
        "email": config["SELLER_EMAIL"],
        "registration": config["SELLER_REGISTRATION"],
        "postal": _seller_postal(config),
        "bank": {
            "name": config["SELLER_BANK"],
            "iban": config["SELLER_IBAN"],
            "bic": config["SELLER_BIC"],
        },
    }


def buyer(tenant: Tenant) -> dict[str, Any]:
    """Return the buyer's block, as the tenant is now."""
    address = tenant.address or {}
    return {
        "name": tenant.name,
        "address": address_lines(address),
        "taxId": tenant.tax_id,
        "email": tenant.billing_email,
        "postal": _postal(
            line1=address.get("line1") or address.get("street"),
            line2=address.get("line2"),
            postalCode=address.get("postalCode"),
            city=address.get("city"),
            region=address.get("state") or address.get("region"),
            country=address.get("country"),
        ),
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


def _lines(address: str) -> list[str]:
    return [part.strip() for part in address.split("|") if part.strip()]


def _seller_postal(config: dict[str, Any]) -> dict[str, str]:
    country: str = config["SELLER_COUNTRY"]
    if config["SELLER_CITY"]:
        return _postal(
            line1=config["SELLER_STREET"],
            postalCode=config["SELLER_POSTAL_CODE"],
            city=config["SELLER_CITY"],
            region=config["SELLER_REGION"],
            country=country,
        )
    lines = [line for line in _lines(config["SELLER_ADDRESS"]) if line != country]
    first = dict(zip(("line1", "line2", "line3"), lines, strict=False))
    return _postal(**first, country=country)


def _postal(**parts: str | None) -> dict[str, str]:
    return {name: parts.get(name) or "" for name in POSTAL}
