"""Reads whose text is made once: they find what their querysets find, and ask the same way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from billing.credits import ledger
from billing.kernel import clock
from billing.kernel.reads import AnyOf, Given, Read
from billing.models import Account, CreditGrant, Meter
from invoicing import due
from tests.client import Api, json_of

pytestmark = pytest.mark.django_db

BY_TIME: Read[CreditGrant] = Read(
    lambda: CreditGrant.objects.filter(
        AnyOf("account_id", 1, "uuid"), created_at__lte=Given(0, "timestamptz"), amount_minor__gt=5
    ).order_by("amount_minor")
)
FUTURE = datetime(2199, 1, 1, tzinfo=UTC)
PAST = datetime(2001, 1, 1, tzinfo=UTC)


def with_credit(admin: Api, *amounts: int) -> UUID:
    tenant = UUID(json_of(admin.post("/tenants", {"name": "Acme"}), 201)["id"])
    with transaction.atomic():
        account = Account.objects.lock(tenant)
        for amount in amounts:
            ledger.grant(account, amount_minor=amount, reason="goodwill", now=clock.now())
    return tenant


def test_values_are_given_anew_each_time(admin: Api) -> None:
    one, other = with_credit(admin, 100, 5, 200), with_credit(admin, 300)

    assert [grant.amount_minor for grant in BY_TIME(FUTURE, [one])] == [100, 200]
    assert [grant.amount_minor for grant in BY_TIME(FUTURE, [one, other])] == [100, 200, 300]
    assert BY_TIME(PAST, [one, other]) == []
    assert BY_TIME(FUTURE, []) == []
    assert BY_TIME.first(FUTURE, [uuid4()]) is None


def test_a_kept_statement_is_planned_once(admin: Api) -> None:
    account = with_credit(admin, 100)

    for _ in range(12):
        due.earliest(account, now=clock.now())
        BY_TIME(FUTURE, [account])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements"
            " WHERE statement LIKE '%DISTINCT ON (a.id)%'"
            " OR statement LIKE '%creditgrant%created_at\" <=%'"
        )
        generic, custom = cursor.fetchone()
    assert custom == 0
    assert generic >= 20


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only(admin: Api) -> None:
    account = with_credit(admin)

    with pytest.raises(TransactionManagementError, match="in a transaction only"):
        Account.objects.lock(account)


def test_models_are_those_of_the_queryset(admin: Api) -> None:
    account = with_credit(admin, 100)
    (read,), stored = BY_TIME(FUTURE, [account]), CreditGrant.objects.get()

    assert read == stored
    assert {f.attname: getattr(read, f.attname) for f in CreditGrant._meta.fields} == {
        f.attname: getattr(stored, f.attname) for f in CreditGrant._meta.fields
    }
    assert not read._state.adding


def test_related_models_and_annotations_come_along(admin: Api) -> None:
    account = with_credit(admin, 100, 200)
    grants: Read[Any] = Read(
        lambda: (
            CreditGrant.objects.select_related("account__tenant", "account__test_clock")
            .annotate(movements=Count("account__credit_entries"))
            .filter(AnyOf("account_id", 0, "uuid"))
        )
    )

    found = grants([account])

    with CaptureQueriesContext(connection) as queries:
        assert {grant.account.tenant.name for grant in found} == {"Acme"}
        assert {grant.account.test_clock for grant in found} == {None}
    assert len(queries) == 0
    assert {grant.movements for grant in found} == {2}


def test_tuples_pass_the_fields_converters() -> None:
    names: Read[tuple[Any, ...]] = Read(
        lambda: Meter.objects.filter(AnyOf("metric_type", 0, "text")).values_list(
            "metric_type", "created_at"
        )
    )

    assert names(["API_CALLS"]) == list(
        Meter.objects.filter(metric_type="API_CALLS").values_list("metric_type", "created_at")
    )


def test_the_text_is_made_once_and_its_plan_kept(admin: Api) -> None:
    built = []

    def build() -> QuerySet[Account]:
        built.append(1)
        return Account.objects.filter(pk=Given(0, "uuid"), currency="USD")

    read: Read[Account] = Read(build)
    account = with_credit(admin)
    with CaptureQueriesContext(connection) as queries:
        found = [read.first(account) for _ in range(4)]

    assert {one.pk for one in found if one} == {account}
    assert len(built) == 1
    assert len(queries) == 4, "Django's log of queries sees each"
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [row[0] for row in cursor.fetchall()]
    assert sum("billing_account" in text and '"currency" = $' in text for text in kept) == 1
