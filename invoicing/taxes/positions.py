"""The taxes between the seller and a tenant on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from billing.kernel.countries import region_key
from billing.kernel.reads import AnyOf, Given, Read
from invoicing.calculation import TaxRateInput
from invoicing.taxes.models import TaxExemption, TaxRate
from invoicing.taxes.treatment import Sides, Treatment, treatment_of
from tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate that holds: percent, of one tax, for one category."""

    category: str
    tax: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPosition:
    """How a tenant is taxed. `rates` is empty where the treatment says that none is charged.

    `reason` is the words of an exemption as they were entered, `code` their VATEX code.
    """

    treatment: Treatment = Treatment.STANDARD
    reason: str = ""
    code: str = ""
    rates: tuple[Rate, ...] = ()

    @property
    def inputs(self) -> list[TaxRateInput]:
        """The rates as the calculation takes them, in the same order."""
        return [
            TaxRateInput(category=rate.category, tax=rate.tax, percent=rate.percent)
            for rate in self.rates
        ]

    def on(self, category: str) -> tuple[dict[str, str], ...]:
        """Name the taxes of a category, as a line keeps them."""
        return tuple(
            {"tax": rate.tax, "name": rate.name, "rate": f"{rate.percent.normalize():f}"}
            for rate in self.rates
            if rate.category == category
        )


NOTHING: Final = TaxPosition()


def issue_day(now: datetime) -> date:
    """Return the day on which an invoice that is finalized now is issued, where the seller is.

    Rates hold by this day, and numbers count by its year.
    """
    return now.astimezone(ZoneInfo(settings.BILLING["SELLER_TIMEZONE"])).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTaxes:
    """The rates that hold on a day by country, and who is exempt then, by account."""

    rates: Mapping[str, list[TaxRate]]
    exemptions: Mapping[UUID, TaxExemption]


def read_taxes(tenants: Sequence[Tenant], *, on: date) -> KnownTaxes:
    """Read what the positions of tenants need: at most two queries."""
    ids = [tenant.account_id for tenant in tenants]
    exempt = EXEMPTIONS(on, ids)
    rates: dict[str, list[TaxRate]] = {}
    countries = {place_of(tenant)[0] for tenant in tenants} - {""}
    if countries:
        for rate in RATES(on, sorted(countries)):
            rates.setdefault(rate.country, []).append(rate)
    return KnownTaxes(rates=rates, exemptions={row.account_id: row for row in exempt})


def tax_position(tenant: Tenant, *, on: date, known: KnownTaxes | None = None) -> TaxPosition:
    """Return how the tenant is taxed on a day. `known` was read for many, for that day."""
    config = settings.BILLING
    known = known or read_taxes([tenant], on=on)
    exemption = known.exemptions.get(tenant.account_id)
    country, region, postal_code = place_of(tenant)
    sides = Sides(
        seller_country=config["SELLER_COUNTRY"],
        seller_exemption=config["SELLER_TAX_EXEMPTION"],
        buyer_country=country,
        buyer_tax_id=tenant.tax_id,
        buyer_exemption=exemption.reason if exemption else None,
    )
    treatment = treatment_of(sides)
    if treatment == Treatment.SMALL_BUSINESS:
        return TaxPosition(treatment=treatment, reason=sides.seller_exemption)
    if treatment == Treatment.EXEMPT and exemption:
        return TaxPosition(treatment=treatment, reason=exemption.reason, code=exemption.code)
    if treatment == Treatment.REVERSE_CHARGE or not country:
        return TaxPosition(treatment=treatment)
    rows = known.rates.get(country, [])
    return TaxPosition(rates=tuple(_most_specific(rows, region, postal_code)))


def place_of(tenant: Tenant) -> tuple[str, str, str]:
    """Return the tenant's country, region and postal code as rates are compared with them."""
    address: dict[str, Any] = tenant.address or {}
    country = address.get("country") or ""
    region = address.get("region") or address.get("state") or ""
    postal_code = "".join((address.get("postalCode") or "").split()).upper()
    return country, region_key(country, region), postal_code


def _held_on() -> Q:
    day = Given(0, "date")
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gt=day))


EXEMPTIONS: Final[Read[TaxExemption]] = Read(
    lambda: TaxExemption.objects.filter(_held_on(), AnyOf("account_id", 1, "uuid"))
)
RATES: Final[Read[TaxRate]] = Read(
    lambda: TaxRate.objects.filter(_held_on(), AnyOf("country", 1, "text"))
)


def _most_specific(rows: Iterable[TaxRate], region: str, postal_code: str) -> list[Rate]:
    """Keep of each tax and category the rate of the narrowest place, ordered by tax, then rate."""
    best: dict[tuple[str, str], TaxRate] = {}
    here = [
        row
        for row in rows
        if row.region in {"", region} and postal_code.startswith(row.postal_prefix)
    ]
    for row in sorted(here, key=lambda row: (len(row.postal_prefix), row.region != "")):
        best[row.tax, row.tax_category] = row
    chosen = sorted(best.values(), key=lambda row: (row.tax, -row.percent, row.tax_category))
    return [
        Rate(category=row.tax_category, tax=row.tax, name=row.name, percent=row.percent)
        for row in chosen
    ]
