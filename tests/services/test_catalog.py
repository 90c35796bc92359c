"""The catalogue's services: audit, and what happens when two write at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from billing.catalog import services
from billing.catalog.drafts import ChargeDraft, VersionDraft
from billing.catalog.errors import MeterInUse, PlanVersionSuperseded
from billing.catalog.queries import version_of
from billing.catalog.terms import plan_terms
from billing.kernel.errors import AlreadyExists, BillingError, NotFound
from billing.metering.models import UsageBucket
from billing.models import AuditEntry, Charge, Meter, Plan, PlanVersion
from billing.pricing import ChargeModel, ChargeTerms, Tier

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
PRICES = VersionDraft(currency="USD", interval="MONTH", price=Decimal(30))


def create(code: str = "pro", *, prices: VersionDraft = PRICES, **details: Any) -> PlanVersion:
    return services.create_plan(
        code=code, details={"name": "Pro", **details}, prices=prices, now=NOW
    )


def update(reference: str, prices: dict[str, Any] | None = None, **details: Any) -> PlanVersion:
    return services.update_plan(reference=reference, details=details, prices=prices or {}, now=NOW)


def at_once(count: int, attempt: Callable[[int], Any]) -> list[str]:
    """Run attempts that start together; return how each ended: "done" or the error's code."""
    barrier = Barrier(count)

    def run(number: int) -> str:
        try:
            barrier.wait(timeout=10)
            attempt(number)
        except BillingError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(max_workers=count) as pool:
        return sorted(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_eight_plans_with_one_code_one_is_made(self) -> None:
        outcomes = at_once(8, lambda _: create("pro"))

        assert outcomes == ["ALREADY_EXISTS"] * 7 + ["done"]
        assert Plan.objects.filter(code="pro").count() == 1

    def test_of_eight_meters_with_one_name_one_is_made(self) -> None:
        outcomes = at_once(
            8,
            lambda n: services.create_meter(
                metric_type="TOKENS", name=f"{n}", unit="count", aggregation="SUM", now=NOW
            ),
        )

        assert outcomes == ["ALREADY_EXISTS"] * 7 + ["done"]

    def test_eight_changes_of_a_price_make_eight_versions(self) -> None:
        create("pro")

        outcomes = at_once(8, lambda n: update("pro", {"price": Decimal(100 + n)}))

        versions = PlanVersion.objects.order_by("version")
        assert outcomes == ["done"] * 8
        assert [row.version for row in versions] == list(range(1, 10))
        assert sorted(row.price_minor for row in versions)[1:] == [
            10000 + 100 * n for n in range(8)
        ]

    def test_of_eight_changes_of_one_version_the_first_wins(self) -> None:
        version = create("pro")

        outcomes = at_once(8, lambda n: update(str(version.pk), {"price": Decimal(100 + n)}))

        assert outcomes == ["PLAN_VERSION_SUPERSEDED"] * 7 + ["done"]
        assert PlanVersion.objects.count() == 2

    def test_eight_that_become_the_default_leave_one(self) -> None:
        for n in range(8):
            create(f"plan-{n}")

        outcomes = at_once(8, lambda n: update(f"plan-{n}", is_default=True))

        assert outcomes == ["done"] * 8
        assert Plan.objects.filter(is_default=True).count() == 1

    def test_a_default_is_archived_or_made_but_never_both(self) -> None:
        create("pro")

        at_once(
            2,
            lambda n: (
                update("pro", is_default=True)
                if n
                else services.archive_plan(reference="pro", now=NOW)
            ),
        )

        plan = Plan.objects.get(code="pro")
        assert plan.is_default == plan.is_active

    def test_a_meter_is_charged_or_changed_but_never_both(self) -> None:
        services.create_meter(
            metric_type="TOKENS", name="T", unit="count", aggregation="SUM", now=NOW
        )
        charged = VersionDraft(
            currency="USD",
            interval="MONTH",
            price=Decimal(0),
            charges=(
                ChargeDraft(
                    metric_type="TOKENS",
                    terms=ChargeTerms(model=ChargeModel.PER_UNIT, unit_price=Decimal(1)),
                ),
            ),
        )

        outcomes = at_once(
            2,
            lambda n: (
                create("pro", prices=charged)
                if n
                else services.update_meter(
                    metric_type="TOKENS", changes={"aggregation": "MAX"}, now=NOW
                )
            ),
        )

        changed = Meter.objects.get(metric_type="TOKENS").aggregation == "MAX"
        assert Charge.objects.count() == 1
        assert outcomes == (["done", "done"] if changed else ["METER_IN_USE", "done"])


@pytest.mark.django_db(transaction=True)
class TestServices:
    def test_every_change_leaves_its_audit_entry(self) -> None:
        create("free", is_default=True)
        create("pro", is_default=True)
        update("pro", {"price": Decimal(40)}, name="Professional")
        services.archive_plan(reference="free", now=NOW)

        entries = AuditEntry.objects.order_by("pk").values_list("action", "subject", "at")
        assert list(entries) == [
            ("plan.created", "free", NOW),
            ("plan.updated", "free", NOW),
            ("plan.created", "pro", NOW),
            ("plan.updated", "pro", NOW),
            ("plan.version_made", "pro v2", NOW),
            ("plan.updated", "free", NOW),
        ]
        made = AuditEntry.objects.get(action="plan.version_made")
        assert made.before
        assert made.after
        assert (made.before["price"], made.after["price"]) == ("30", "40")

    def test_what_changes_nothing_leaves_no_entry(self) -> None:
        create("pro")

        update("pro", {"price": Decimal("30.00")}, name="Pro")

        assert AuditEntry.objects.count() == 1
        assert PlanVersion.objects.count() == 1

    def test_a_refusal_undoes_all_of_it(self) -> None:
        first = create("pro")
        update("pro", {"price": Decimal(40)})

        with pytest.raises(PlanVersionSuperseded) as refused:
            update(str(first.pk), {"price": Decimal(50)}, name="Other")

        message = "This is version 1 of pro, and prices change from its newest, 2."
        assert str(refused.value) == message
        assert Plan.objects.get().name == "Pro"
        assert AuditEntry.objects.count() == 2

    def test_a_meter_with_usage_keeps_its_aggregation(self) -> None:
        meter = services.create_meter(
            metric_type="TOKENS", name="T", unit="count", aggregation="SUM", now=NOW
        )
        UsageBucket.objects.create(
            account_id="019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a11", meter_id=meter.pk, hour_at=NOW
        )

        with pytest.raises(MeterInUse):
            services.update_meter(metric_type="TOKENS", changes={"aggregation": "COUNT"}, now=NOW)
        renamed = services.update_meter(
            metric_type="TOKENS", changes={"name": "All", "is_active": False}, now=NOW
        )

        assert (renamed.name, renamed.is_active, renamed.aggregation) == ("All", False, "SUM")

    def test_a_taken_code_says_what_there_is(self) -> None:
        create("pro")

        with pytest.raises(AlreadyExists, match="There is one already: the plan pro"):
            create("pro")

    def test_terms_come_back_exactly_as_they_were_agreed(self) -> None:
        tiers = (
            Tier(up_to=Decimal("0.000000000001"), unit_price=Decimal("123456789012345.1")),
            Tier(up_to=None, unit_price=Decimal(0), flat_fee=Decimal("0.5")),
        )
        terms = ChargeTerms(
            model=ChargeModel.GRADUATED,
            tiers=tiers,
            included_quantity=Decimal("999999999999999.999999999999"),
            minimum=Decimal("1.5"),
            maximum=Decimal(20),
        )
        charge = ChargeDraft(metric_type="API_CALLS", terms=terms, filter={"region": "eu"})
        version = create(
            prices=VersionDraft(
                currency="KWD", interval="DAY", price=Decimal("0.125"), charges=(charge,)
            )
        )

        agreed = plan_terms(version.pk)

        assert agreed.fee.amount == "0.125"
        assert [row.terms for row in agreed.charges] == [terms]
        assert agreed.charges[0].filter == {"region": "eu"}
        assert plan_terms(version.pk) is agreed

    def test_an_unknown_plan_is_not_found(self) -> None:
        with pytest.raises(NotFound, match="There is no such plan"):
            version_of("pro")
