"""Whether tax is charged at all, and why not: pure rules over what is known of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing.kernel.countries import EU
from tenants.tax_ids import eu_vat_id


class Treatment(StrEnum):
    """How an invoice is taxed. All but STANDARD say why there is no tax."""

    STANDARD = "STANDARD"
    SMALL_BUSINESS = "SMALL_BUSINESS"
    EXEMPT = "EXEMPT"
    REVERSE_CHARGE = "REVERSE_CHARGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What the treatment depends on. Countries are ISO 3166 alpha-2, or empty."""

    seller_country: str
    seller_exemption: str
    buyer_country: str
    buyer_tax_id: str
    buyer_exemption: str | None


def treatment_of(sides: Sides) -> Treatment:
    """Return the first that applies.

    1. The seller charges no tax at all (a small business): nobody pays any.
    2. The buyer is exempt.
    3. Seller and buyer are in different states of the EU, and the buyer's VAT id is one of another
       state than the seller's: the buyer owes the tax. Of a buyer without an address the id's
       state counts as its country.
    """
    if sides.seller_exemption:
        return Treatment.SMALL_BUSINESS
    if sides.buyer_exemption is not None:
        return Treatment.EXEMPT
    if is_reverse_charged(sides):
        return Treatment.REVERSE_CHARGE
    return Treatment.STANDARD


def is_reverse_charged(sides: Sides) -> bool:
    """Say whether the tax is the buyer's to declare: business across a border inside the EU."""
    if sides.seller_country not in EU:
        return False
    vat_id = eu_vat_id(sides.buyer_tax_id)
    if vat_id is None or vat_id.state == sides.seller_country:
        return False
    country = sides.buyer_country or vat_id.state
    if country == "GB":  # Northern Ireland: its address is British, its id is not
        return vat_id.state == "XI"
    return country in EU | {"XI"} and country != sides.seller_country
