"""Countries, regions and tax ids as they are read, stored and compared."""

import pytest

from billing.kernel.countries import COUNTRIES, EU, is_country, region_key
from tenants.tax_ids import VatId, eu_vat_id, normalised


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert len(COUNTRIES) == 250
    assert len(EU) == 27
    assert EU < COUNTRIES
    assert [is_country(code) for code in ("DE", "XK", "EL", "UK", "de", "XX", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("country", "region", "key"),
    [
        ("CA", "CA-QC", "QC"),
        ("CA", "ca-qc", "QC"),
        ("CA", " qc ", "QC"),
        ("US", "CA-QC", "CA-QC"),
        ("DE", "Baden-  Württemberg", "BADEN- WÜRTTEMBERG"),
        ("DE", "DE-Bayern", "DE-BAYERN"),
        ("DE", "", ""),
    ],
)
def test_a_region_is_compared_by_its_code_or_name(country: str, region: str, key: str) -> None:
    assert region_key(country, region) == key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DE136695976", VatId("DE136695976", "DE")),
        ("de 136.695.976", VatId("DE136695976", "DE")),
        ("DE１３６６９５９７６", VatId("DE136695976", "DE")),
        ("DE136695975", None),
        ("FR61954506077", VatId("FR61954506077", "FR")),
        ("EL094259216", VatId("EL094259216", "GR")),
        ("GR094259216", None),
        ("ATU57194903", VatId("ATU57194903", "AT")),
        ("NL004495445B01", VatId("NL004495445B01", "NL")),
        ("XI432525179", VatId("XI432525179", "XI")),
        ("GB432525179", None),
        ("EU372022452", None),
        ("136695976", None),
        ("", None),
        ("DE", None),
        ("x" * 255, None),
    ],
)
def test_vat_ids_of_the_union_have_right_check_digits(text: str, found: VatId | None) -> None:
    assert eu_vat_id(text) == found


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("fr 61 954 506 077", "FR61954506077"),
        (" 12-3456789 ", "12-3456789"),
        ("DE123456789", "DE123456789"),
    ],
)
def test_a_vat_id_is_stored_without_separators_and_others_as_they_are(
    text: str, stored: str
) -> None:
    assert normalised(text) == stored
