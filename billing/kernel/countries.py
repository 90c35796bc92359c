"""Countries of ISO 3166-1, and how their parts are compared."""

import re
from typing import Final

# The assigned alpha-2 codes, and XK: Kosovo has no code yet, and everybody uses that one.
_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ
    DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP
    GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
    KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE
    PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    XK
"""

_EU: Final = """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
"""
COUNTRIES: Final = frozenset(_CODES.split())
EU: Final = frozenset(_EU.split())
"""The member states of the European Union."""


def is_country(code: str) -> bool:
    """Say whether a code is of ISO 3166-1 alpha-2, upper case.

    >>> [is_country(code) for code in ("DE", "de", "EL", "XX")]
    [True, False, False, False]
    """
    return code in COUNTRIES


def region_key(country: str, region: str) -> str:
    """Return a region as it is compared: ISO 3166-2 codes without their country, all upper case.

    Other names are compared as they are written, but for case and spaces.

    >>> region_key("CA", "ca-qc"), region_key("CA", "QC"), region_key("DE", " Bayern ")
    ('QC', 'QC', 'BAYERN')
    """
    name = " ".join(region.split()).upper()
    code = re.fullmatch(rf"{re.escape(country)}-([A-Z0-9]{{1,3}})", name)
    return code[1] if code else name
