"""What staff enter about taxes: rates and exemptions, checked, audited, shown where they matter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from billing.models import AuditEntry
from invoicing.models import TaxExemption, TaxRate
from tenants.models import Tenant
from tests.admin.test_actions import entries
from tests.admin.test_pages import url
from tests.admin.world import World

RATE = {
    "name": "USt",
    "country": "DE",
    "region": "",
    "postal_prefix": "",
    "tax": "VAT",
    "tax_category": "STANDARD",
    "percent": "19",
    "valid_from": "2026-01-01",
    "valid_until": "",
}


def errors_of(answer: Any) -> dict[str, list[str]]:
    found = answer.context["adminform"].form.errors
    return {name: list(texts) for name, texts in found.items()}


def test_a_tax_rate_is_written_down(staff: Client) -> None:
    staff.post(url(TaxRate, "add"), {**RATE, "country": "ca", "region": "CA-qc", "tax": "QST"})

    rate = TaxRate.objects.get()
    page = staff.get(url(TaxRate, "change", rate.pk)).content.decode()
    assert (rate.country, rate.region, rate.tax, int(rate.percent)) == ("CA", "QC", "QST", 19)
    assert 'value="19"' in page
    assert entries("tax_rate.created") == ["staff:ada"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"country": "XX"}, "country", "Two capital letters of ISO 3166-1"),
        ({"percent": "100.01"}, "__all__", "A percentage is from 0 to 100."),
        ({"valid_until": "2026-01-01"}, "__all__", "The end must be after the beginning."),
        (
            {"valid_from": "2026-06-01"},
            "__all__",
            "There is a rate of this tax for the same place, category and time.",
        ),
    ],
)
def test_a_wrong_rate_comes_back_with_the_reason(
    staff: Client, changes: dict[str, str], field: str, words: str
) -> None:
    TaxRate.objects.create(country="DE", name="USt", percent=16, valid_from=date(2026, 5, 1))
    valid = {**RATE, "valid_until": "2026-05-01"}

    answer = staff.post(url(TaxRate, "add"), {**valid, **changes, **open_end(changes)})

    assert words in errors_of(answer)[field][0]
    assert TaxRate.objects.count() == 1


def open_end(changes: dict[str, str]) -> dict[str, str]:
    return {"valid_until": ""} if "valid_from" in changes else {}


def test_rates_follow_each_other_without_a_gap(staff: Client) -> None:
    staff.post(url(TaxRate, "add"), {**RATE, "valid_until": "2027-01-01"})

    staff.post(url(TaxRate, "add"), {**RATE, "valid_from": "2027-01-01", "percent": "20"})

    assert list(TaxRate.objects.order_by("valid_from").values_list("percent", flat=True)) == [
        19,
        20,
    ]


@pytest.mark.parametrize(
    ("holds", "shown"), [("now", ["Now"]), ("past", ["Past"]), ("future", ["Future"])]
)
def test_rates_are_filtered_by_validity(staff: Client, holds: str, shown: list[str]) -> None:
    for name, start, end in (
        ("Past", date(2001, 1, 1), date(2002, 1, 1)),
        ("Now", date(2002, 1, 1), date(2999, 1, 1)),
        ("Future", date(2999, 1, 1), None),
    ):
        TaxRate.objects.create(
            country="DE", name=name, percent=1, valid_from=start, valid_until=end
        )

    answer = staff.get(url(TaxRate, "changelist"), {"holds": holds})

    assert [rate.name for rate in answer.context["cl"].result_list] == shown


def test_an_exemption_is_written_down_and_shown_on_the_tenants_page(
    staff: Client, world: World
) -> None:
    given = {
        "account": str(world.tenant.pk),
        "reason": "International organisation",
        "code": "VATEX-EU-151",
        "valid_from": "2026-01-01",
        "valid_until": "",
    }

    staff.post(url(TaxExemption, "add"), given)

    page = staff.get(url(Tenant, "change", world.tenant.pk)).content.decode()
    entry = AuditEntry.objects.get(action="tax_exemption.created")
    assert TaxExemption.objects.get().account_id == world.tenant.pk
    assert (entry.actor, entry.account_id) == ("staff:ada", world.tenant.pk)
    assert "None: exempt" in page
    assert "International organisation" in page


def test_a_second_exemption_at_the_same_time_is_refused(staff: Client, world: World) -> None:
    made = TaxExemption.objects.create(
        account_id=world.tenant.pk,
        reason="First",
        valid_from=date(2026, 1, 1),
        created_at=world.tenant.created_at,
    )
    given = {"account": str(world.tenant.pk), "reason": "Second", "valid_from": "2026-06-01"}

    answer = staff.post(url(TaxExemption, "add"), {**given, "code": "no", "valid_until": ""})
    overlapping = staff.post(url(TaxExemption, "add"), {**given, "code": "", "valid_until": ""})

    assert errors_of(answer)["code"] == ["Such as VATEX-EU-143."]
    assert errors_of(overlapping)["__all__"] == ["The tenant is exempt already at that time."]
    assert list(TaxExemption.objects.all()) == [made]


def test_an_unknown_tenant_is_refused(staff: Client) -> None:
    given = {"account": "nobody", "reason": "x", "code": "", "valid_from": "2026-01-01"}

    answer = staff.post(url(TaxExemption, "add"), {**given, "valid_until": ""})

    assert list(errors_of(answer)) == ["account"]
    assert not TaxExemption.objects.exists()
