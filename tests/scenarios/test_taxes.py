"""What tax is charged, month after month: rates change, stack, are included, or are not due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings

from tests.scenarios.taxes import FRENCH, exempt, rate, taxes
from tests.scenarios.world import World, amounts

BERLIN = {"city": "Berlin", "country": "DE"}
PARIS = {"city": "Paris", "country": "FR"}
CALLS = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "1", "taxCategory": "BOOKS"}
REVERSED = "Reverse charge: the recipient of the service owes the tax."


def begin(world: World, address: Any, **tenant: Any) -> None:
    world.begin("2025-12-01T00:00:00Z", address=address, **tenant)


def test_two_rates_have_a_line_each(world: World) -> None:
    rate("DE", "19", "USt")
    rate("DE", "7", "USt", tax_category="BOOKS")
    begin(world, BERLIN)
    world.subscribe(world.plan(price="10.00", charges=[CALLS]))
    world.use("API_CALLS", "10")

    world.advance("2026-01-01T01:00:00Z")

    (invoice,) = world.invoices()
    assert amounts(invoice)[:2] == [("PLAN", "10.00"), ("USAGE", "10.00")]
    assert taxes(invoice) == [("USt", "19", "1.90"), ("USt", "7", "0.70")]
    assert [line["taxRate"] for line in invoice["lines"][:2]] == ["19", "7"]
    assert (invoice["taxTotal"], invoice["total"]) == ("2.60", "22.60")
    assert (invoice["taxTreatment"], invoice["notes"]) == ("STANDARD", [])


def test_a_rate_changes_with_the_issue_date_in_the_middle_of_a_subscription(world: World) -> None:
    rate("DE", "16", "USt", valid_until=date(2026, 1, 1))
    rate("DE", "19", "USt", valid_from=date(2026, 1, 1))
    world.begin("2025-12-30T00:00:00Z", address=BERLIN)
    world.subscribe(world.plan(interval="DAY", price="1.00"))

    world.advance("2026-01-01T01:00:00Z")

    last, first = world.invoices()[-2:]
    assert (last["issueDate"], taxes(last)) == ("2025-12-31", [("USt", "16", "0.16")])
    assert (first["issueDate"], taxes(first)) == ("2026-01-01", [("USt", "19", "0.19")])


def test_the_issue_date_is_read_where_the_seller_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "SELLER_TIMEZONE", "Europe/Berlin")
    rate("DE", "16", "USt", valid_until=date(2026, 1, 1))
    rate("DE", "19", "USt", valid_from=date(2026, 1, 1))
    begin(world, BERLIN)
    world.subscribe(world.plan(price="1.00"), startAt="2025-10-31T22:30:00Z")

    world.advance("2025-12-31T23:30:00Z")

    invoice = world.invoices()[-1]
    assert invoice["issueDate"] == "2026-01-01"
    assert invoice["invoiceNumber"] == "TEST-2026-000001"
    assert taxes(invoice) == [("USt", "19", "0.19")]


def test_reverse_charge_begins_when_the_tax_id_is_added(world: World) -> None:
    rate("FR", "20", "TVA")
    begin(world, PARIS)
    world.subscribe(world.plan())
    world.advance("2026-01-01T01:00:00Z")

    stored = world.call("patch", f"/tenants/{world.tenant}", {"taxId": "fr 61 954 506 077"})
    world.advance("2026-02-01T01:00:00Z")

    december, january = world.invoices()
    assert stored["taxId"] == FRENCH
    assert taxes(december) == [("TVA", "20", "6.00")]
    assert amounts(january) == [("PLAN", "30.00")]
    assert january["lines"][0]["taxRate"] == "0"
    assert (january["taxTotal"], january["total"]) == ("0.00", "30.00")
    assert (january["taxTreatment"], january["notes"]) == ("REVERSE_CHARGE", [REVERSED])
    assert december["notes"] == []


def test_notes_are_in_the_language_of_the_invoice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "INVOICE_LANGUAGE", "de")
    begin(world, PARIS, taxId=FRENCH)
    world.subscribe(world.plan())

    assert world.preview()["notes"] == [
        "Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge)."
    ]


def test_a_draft_follows_the_tax_id_and_a_final_invoice_does_not(world: World) -> None:
    rate("FR", "20", "TVA")
    begin(world, PARIS)
    world.subscribe(world.plan())
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    world.call("patch", f"/tenants/{world.tenant}", {"taxId": FRENCH})

    final = world.post(f"/invoices/{draft['id']}/finalize")
    world.call("patch", f"/tenants/{world.tenant}", {"taxId": None})

    assert (draft["taxTreatment"], draft["total"]) == ("STANDARD", "36.00")
    assert (final["taxTreatment"], final["total"]) == ("REVERSE_CHARGE", "30.00")
    assert world.get(f"/invoices/{draft['id']}")["notes"] == [REVERSED]
    assert world.preview()["taxTreatment"] == "STANDARD"


@pytest.mark.parametrize(
    ("address", "tax_id", "treatment"),
    [
        pytest.param(PARIS, "FR61954506078", "STANDARD", id="wrong check digits"),
        pytest.param(PARIS, "DE136695976", "STANDARD", id="the seller's own state"),
        pytest.param(BERLIN, FRENCH, "STANDARD", id="a foreign id at home"),
        pytest.param({"country": "US"}, FRENCH, "STANDARD", id="outside the union"),
        pytest.param({"country": "US"}, "12-3456789", "STANDARD", id="another system"),
        pytest.param(None, FRENCH, "REVERSE_CHARGE", id="no address"),
        pytest.param({"country": "GR"}, "EL094259216", "REVERSE_CHARGE", id="Greece writes EL"),
        pytest.param({"country": "GB"}, "XI432525179", "REVERSE_CHARGE", id="Northern Ireland"),
        pytest.param({"country": "GB"}, "GB432525179", "STANDARD", id="Great Britain"),
    ],
)
def test_the_charge_is_reversed_across_a_border_inside_the_union(
    world: World, address: Any, tax_id: str, treatment: str
) -> None:
    begin(world, address, taxId=tax_id)
    world.subscribe(world.plan())

    assert world.preview()["taxTreatment"] == treatment
    assert world.get(f"/tenants/{world.tenant}")["taxId"] == tax_id


def test_a_seller_outside_the_union_reverses_no_charge(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "SELLER_COUNTRY", "US")
    rate("FR", "20", "TVA")
    begin(world, PARIS, taxId=FRENCH)
    world.subscribe(world.plan())

    assert taxes(world.preview()) == [("TVA", "20", "6.00")]


def test_an_exempt_tenant_pays_none_while_it_is_exempt(world: World) -> None:
    rate("DE", "19", "USt")
    begin(world, BERLIN)
    exempt(world.tenant, "International organisation", valid_until=date(2026, 2, 1))
    world.subscribe(world.plan())

    world.advance("2026-02-01T01:00:00Z")

    december, january = world.invoices()
    assert (december["taxTreatment"], december["total"]) == ("EXEMPT", "30.00")
    assert december["notes"] == ["Exempt from tax: International organisation"]
    assert (january["taxTreatment"], january["total"]) == ("STANDARD", "35.70")
    world.call("delete", f"/test-clocks/{world.clock}")


def test_a_small_business_charges_no_tax_to_anybody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet."
    monkeypatch.setitem(settings.BILLING, "SELLER_TAX_EXEMPTION", reason)
    rate("DE", "19", "USt")
    begin(world, BERLIN)
    world.subscribe(world.plan())

    preview = world.preview()

    assert (preview["taxTreatment"], preview["notes"]) == ("SMALL_BUSINESS", [reason])
    assert preview["total"] == "30.00"


def test_taxes_of_the_federation_and_the_province_stack(world: World) -> None:
    rate("CA", "5", "GST", tax="GST")
    rate("CA", "9.975", "QST", tax="PST", region="QC")
    rate("CA", "13", "HST", tax="GST", region="CA-ON")
    rate("CA", "7", "PST", tax="PST", region="BC")
    begin(world, {"country": "CA", "state": "ca-qc"}, currency="CAD")
    world.subscribe(world.plan(price="100.00", currency="CAD"))

    quebec = world.preview()
    world.call("patch", f"/tenants/{world.tenant}", {"address": {"country": "CA", "region": "ON"}})
    ontario = world.preview()
    world.call("patch", f"/tenants/{world.tenant}", {"address": {"country": "CA"}})

    assert taxes(quebec) == [("GST", "5", "5.00"), ("QST", "9.975", "9.98")]
    assert quebec["lines"][0]["taxRate"] == "14.975"
    assert quebec["lines"][0]["taxes"] == [
        {"tax": "GST", "name": "GST", "rate": "5"},
        {"tax": "PST", "name": "QST", "rate": "9.975"},
    ]
    assert quebec["total"] == "114.98"
    assert taxes(ontario) == [("HST", "13", "13.00")]
    assert taxes(world.preview()) == [("GST", "5", "5.00")]


def test_a_city_taxes_by_postal_code_beside_its_state(world: World) -> None:
    rate("US", "4", "State sales tax", tax="STATE", region="NY")
    rate("US", "4.5", "City sales tax", tax="LOCAL", region="NY", postal_prefix="100")
    rate("US", "4.25", "Suffolk sales tax", tax="LOCAL", region="NY")
    begin(world, {"country": "US", "state": "NY", "postalCode": "10001"})
    world.subscribe(world.plan(price="100.00"))

    assert taxes(world.preview()) == [
        ("City sales tax", "4.5", "4.50"),
        ("State sales tax", "4", "4.00"),
    ]


def test_an_inclusive_plan_costs_what_it_says(world: World) -> None:
    rate("DE", "19", "USt")
    begin(world, BERLIN)
    per_call = {"metricType": "API_CALLS", "model": "PER_UNIT", "unitPrice": "0.0119"}
    world.subscribe(world.plan(price="29.99", taxBehavior="INCLUSIVE", charges=[per_call]))
    world.use("API_CALLS", "1000")

    world.advance("2026-01-01T01:00:00Z")

    (invoice,) = world.invoices()
    assert amounts(invoice) == [("PLAN", "25.20"), ("USAGE", "10.00"), ("TAX", "6.69")]
    assert [line["grossAmount"] for line in invoice["lines"]] == ["29.99", "11.90", None]
    assert (invoice["subtotal"], invoice["taxTotal"], invoice["total"]) == (
        "35.20",
        "6.69",
        "41.89",
    )
    assert invoice["lines"][1]["breakdown"][0]["amount"] == "11.9"


def test_an_inclusive_price_stays_where_no_tax_is_due(world: World) -> None:
    rate("FR", "20", "TVA")
    begin(world, PARIS, taxId=FRENCH)
    world.subscribe(world.plan(taxBehavior="INCLUSIVE"))

    assert amounts(world.preview()) == [("PLAN", "30.00")]


@pytest.mark.parametrize(
    ("currency", "price", "percent", "tax", "total"),
    [
        pytest.param("JPY", "1005", "10", "101", "1106", id="yen: 100.5"),
        pytest.param("KWD", "1.005", "10", "0.101", "1.106", id="dinars: 0.1005"),
    ],
)
def test_tax_has_the_decimals_of_its_currency(
    world: World, currency: str, price: str, percent: str, tax: str, total: str
) -> None:
    rate("JP", percent, "JCT")
    begin(world, {"country": "JP"}, currency=currency)
    world.subscribe(world.plan(price=price, currency=currency))

    assert taxes(world.preview()) == [("JCT", "10", tax)]
    assert world.preview()["total"] == total
