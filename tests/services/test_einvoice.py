"""Electronic invoices through the API: of what, to whom, and when there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from facturx import get_facturx_xml_from_pdf
from lxml import etree

from invoicing.pdf import rendering
from tests.einvoice.rules import broken_rules
from tests.scenarios.taxes import FRENCH, rate
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
NOW = datetime(2040, 1, 1, tzinfo=UTC)
PARIS = {"line1": "1 rue de Rivoli", "city": "Paris", "postalCode": "75001", "country": "FR"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rendering, "WAIT_SECONDS", 0)
    monkeypatch.setitem(settings.BILLING, "SELLER_TAX_ID", "DE136695976")
    return World()


def finalized(world: World, **tenant: Any) -> Any:
    currency = tenant.get("currency", "USD")
    world.begin("2025-04-01T00:00:00Z", **tenant)
    world.subscribe(world.plan(currency=currency, price="30"))
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()
    return invoice


def ask(world: World, invoice: Any, query: str = "", **kwargs: Any) -> Any:
    return world.get(f"/invoices/{invoice['id']}/einvoice{query}", **kwargs)


def values(xml: bytes, *names: str) -> list[str]:
    """Return the texts of all elements of these local names, in the document's order."""
    return [
        element.text
        for element in etree.fromstring(xml).iter()
        if isinstance(element.tag, str) and etree.QName(element).localname in names
    ]


def test_a_reverse_charged_invoice_says_so_in_the_standards_words(world: World) -> None:
    rate("FR", "20", "TVA")
    invoice = finalized(world, address=PARIS, taxId=FRENCH, name="Halcyon")

    answer = ask(world, invoice)

    xml = answer.content
    assert broken_rules(xml) == []
    assert values(xml, "CategoryCode") == ["AE", "AE"]
    assert values(xml, "ExemptionReasonCode", "ExemptionReason") == [
        "Reverse charge",
        "VATEX-EU-AE",
    ]
    assert values(xml, "GrandTotalAmount", "TaxTotalAmount", "DuePayableAmount") == [
        "0.00",
        "30.00",
        "30.00",
    ]
    assert FRENCH in xml.decode()
    assert "DE136695976" in xml.decode()
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="TEST-2025-000001.xml"'


def test_both_syntaxes_keep_the_rules_and_their_bytes(world: World) -> None:
    rate("FR", "20", "TVA")
    invoice = finalized(world, address=PARIS, name="Halcyon")

    for query in ("?format=cii", "?format=ubl"):
        first, second = ask(world, invoice, query), ask(world, invoice, query)

        assert broken_rules(first.content) == []
        assert first.content == second.content
        again = ask(world, invoice, query, status=304, **{"If-None-Match": first["ETag"]})
        assert again.content == b""


def test_the_pdf_carries_what_the_endpoint_answers(world: World) -> None:
    rate("FR", "20", "TVA")
    invoice = finalized(world, address=PARIS)

    rendering.render_due(now=NOW)

    pdf = world.get(f"/invoices/{invoice['id']}/pdf").content
    assert get_facturx_xml_from_pdf(pdf) == ("factur-x.xml", ask(world, invoice).content)


def refused(world: World, invoice: Any) -> str:
    error = ask(world, invoice, status=409)["error"]
    assert error["code"] == "EINVOICE_NOT_POSSIBLE"
    return str(error["message"]).partition(": ")[2]


def test_a_draft_and_a_void_invoice_have_none(world: World) -> None:
    rate("FR", "20", "TVA")
    invoice = finalized(world, address=PARIS)
    draft = world.post(f"/tenants/{world.tenant}/invoices")

    world.post(f"/invoices/{invoice['id']}/void")

    assert refused(world, draft) == "it is a draft."
    assert refused(world, invoice) == "it is void."


def test_two_taxes_on_a_line_have_none_and_the_pdf_comes_all_the_same(world: World) -> None:
    rate("CA", "5", "GST", tax="GST")
    rate("CA", "9.975", "QST", tax="QST")
    invoice = finalized(world, address={"country": "CA"})

    rendering.render_due(now=NOW)

    assert refused(world, invoice) == "a line is under more than one tax."
    assert world.get(f"/invoices/{invoice['id']}/pdf").content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("tenant", "reason"),
    [
        ({"address": None}, "the buyer's country is not known."),
        (
            {"address": PARIS, "currency": "KWD"},
            "amounts in KWD have more than two decimals.",
        ),
        ({"address": {"country": "US"}}, "Sales tax is no VAT."),
    ],
)
def test_what_the_standard_has_no_words_for_is_refused(
    world: World, tenant: dict[str, Any], reason: str
) -> None:
    rate("US", "8", "Sales tax", tax="SALES")

    assert refused(world, finalized(world, **tenant)) == reason


def test_a_seller_without_a_tax_id_can_charge_no_vat_by_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "SELLER_TAX_ID", "")
    rate("FR", "20", "TVA")

    invoice = finalized(world, address=PARIS)

    assert refused(world, invoice) == "the seller has no tax id (SELLER_TAX_ID)."


def test_an_unknown_syntax_is_refused(world: World) -> None:
    invoice = finalized(world, address=PARIS)

    error = ask(world, invoice, "?format=edifact", status=400)["error"]

    assert error["details"][0]["field"] == "format"


def test_what_the_tenant_becomes_later_is_not_told(world: World) -> None:
    rate("FR", "20", "TVA")
    invoice = finalized(world, address=PARIS, name="Halcyon")
    before = ask(world, invoice).content

    world.call("patch", f"/tenants/{world.tenant}", {"name": "Other", "address": None})

    assert ask(world, invoice).content == before
