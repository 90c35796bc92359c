"""A deleted customer's counts and events go, and nobody else's."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction

from quotas.models import NO_ACCOUNT, QuotaUse, UserEvent, UserTally
from quotas.services import forget_account
from tests.client import Api, json_of
from tests.quotas.scene import Team, consume, team

RATE = {"serviceName": "search-api", "featureKey": "lookups"}
QUOTA = {"serviceName": "storage", "featureKey": "projects"}


def use_all(one: Team, service: Api) -> None:
    for names in (RATE, QUOTA):
        body = {"customerId": one.id, **names, "userId": str(uuid4())}
        json_of(consume(service, body))


def left(one: Team, service: Api) -> int:
    trial = {"customerId": one.id, **RATE, "dryRun": True}
    return int(json_of(consume(service, trial))["remaining"])


@pytest.mark.django_db(transaction=True)
def test_all_that_is_counted_of_an_account_goes(acme: Team, service: Api) -> None:
    other = team()
    for one in (acme, other):
        use_all(one, service)

    forget_account(acme.account.pk)
    forget_account(acme.account.pk)

    assert [left(one, service) for one in (acme, other)] == [199, 198]
    for model in (QuotaUse, UserEvent, UserTally):
        assert set(model.objects.values_list("account_id", flat=True)) == {other.account.pk}
    assert other.account.pk != NO_ACCOUNT


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_forgets_nothing(acme: Team, service: Api) -> None:
    use_all(acme, service)

    with transaction.atomic():
        forget_account(acme.account.pk)
        transaction.set_rollback(True)

    assert left(acme, service) == 198
    assert (QuotaUse.objects.count(), UserEvent.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_deletion_of_a_customer_forgets_its_counts(
    acme: Team, service: Api, admin: Api
) -> None:
    other = team()
    for one in (acme, other):
        use_all(one, service)

    gone = admin.send("DELETE", f"/admin/customer/{acme.id}", base="/api/billing/v1")

    assert gone.status_code == 204
    for model in (QuotaUse, UserEvent, UserTally):
        assert set(model.objects.values_list("account_id", flat=True)) == {other.account.pk}
