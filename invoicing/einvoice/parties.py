"""Seller and buyer of an electronic invoice: BG-4 and BG-7."""

from __future__ import annotations

from typing import Any, Final

from invoicing.einvoice.errors import EinvoiceNotPossible
from invoicing.einvoice.texts import xml_text
from invoicing.einvoice.vat import VatCategory
from tenants.tax_ids import eu_vat_id

EMAIL: Final = "EM"
"""The scheme of an electronic address that is an e-mail address."""
KOSOVO: Final = {"XK": "1A"}
"""The code that the standard's list has for a country without one of ISO."""


def seller_of(block: dict[str, Any], categories: set[str]) -> dict[str, Any]:
    """Write the seller down. Raises EinvoiceNotPossible where tax needs an id that is not there.

    An invoice outside VAT must not say VAT ids: there the id only names the seller.
    """
    party = _party(block, "seller")
    tax_id, registration = xml_text(block["taxId"]), xml_text(block.get("registration", ""))
    if registration:
        party["legal_identifier"] = registration
    vat_id = eu_vat_id(tax_id)
    if "O" in categories:
        if not registration:
            party["identifiers"] = {None: tax_id or party["name"]}
        return party
    if vat_id:
        party["vat_identifier"] = vat_id.number
    elif tax_id and "AE" not in categories:
        party["tax_identifier"] = tax_id
        if not registration:
            party["identifiers"] = {None: tax_id}
    else:
        raise EinvoiceNotPossible(reason="the seller has no tax id (SELLER_TAX_ID)")
    return party


def buyer_of(block: dict[str, Any], categories: set[str]) -> dict[str, Any]:
    """Write the buyer down."""
    party = _party(block, "buyer")
    tax_id = xml_text(block["taxId"])
    vat_id = eu_vat_id(tax_id)
    if vat_id and "O" not in categories:
        party["vat_identifier"] = vat_id.number
    elif tax_id:
        party["identifiers"] = {None: tax_id}
    return party


def _party(block: dict[str, Any], who: str) -> dict[str, Any]:
    postal = block.get("postal") or {}
    if not postal.get("country"):
        raise EinvoiceNotPossible(reason=f"the {who}'s country is not known")
    names = {
        "addr_l1": "line1",
        "addr_l2": "line2",
        "addr_l3": "line3",
        "postcode": "postalCode",
        "city": "city",
        "country_subdivision": "region",
    }
    party = {name: xml_text(postal.get(part) or "") for name, part in names.items()}
    party = {name: value for name, value in party.items() if value}
    email = xml_text(block["email"])
    reached = {"einvoicing_addr": email, "einvoicing_addr_schemeid": EMAIL} if email else {}
    return {
        "name": xml_text(block["name"]) or "-",
        "country_code": KOSOVO.get(postal["country"], postal["country"]),
        **party,
        **reached,
    }


def contact_of(block: dict[str, Any]) -> dict[str, str]:
    """Return whom to ask about an invoice."""
    return {"name": xml_text(block["name"]) or "-", "email": xml_text(block["email"])}


def codes(categories: list[VatCategory]) -> set[str]:
    return {category.code for category in categories}
