"""Tax ids: which are VAT ids of the European Union, well formed and with right check digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

# Greece writes EL before its ids. XI is Northern Ireland, whose ids the EU's system knows.
STATE_OF_PREFIX: Final = {"EL": "GR"}


@dataclass(frozen=True, slots=True)
class VatId:
    """A VAT id without separators, such as ATU57194903, and the state that gave it.

    `state` is ISO 3166 alpha-2 (GR for an id that begins with EL), or XI.
    """

    number: str
    state: str


def eu_vat_id(text: str) -> VatId | None:
    """Read a VAT id of the European Union; None for anything else, also for wrong check digits.

    Nothing is asked of anybody: an id may be well formed and not registered.

    >>> eu_vat_id("fr 61 954-506-077"), eu_vat_id("EL094259216"), eu_vat_id("DE123456789")
    (VatId(number='FR61954506077', state='FR'), VatId(number='EL094259216', state='GR'), None)
    """
    try:
        number = vat.validate(text)
    except ValidationError:
        return None
    prefix = number[:2]
    if not number.isascii() or prefix.lower() not in {*vat.MEMBER_STATES, "el"} - {"gr"}:
        return None
    return VatId(number=number, state=STATE_OF_PREFIX.get(prefix, prefix))


def normalised(text: str) -> str:
    """Return a tax id as it is stored: a VAT id without separators, any other without outer space.

    Ids of other systems, and malformed ones, are kept as they are: nobody can tell which.
    """
    found = eu_vat_id(text)
    return found.number if found else text.strip()
