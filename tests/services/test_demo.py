"""The demo is what it says: real requests, counted and invoiced; loading it twice is harmless."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from billing.metering.verify import verify
from billing.models import Account, AuditEntry, Plan, Subscription, UsageCounter, UsageEvent
from customers.models import Customer, Membership, Role
from demo.usage import read_trace
from invoicing.models import Invoice

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_demo_is_a_living_system_and_loading_it_again_changes_nothing() -> None:
    first = demo()
    events, invoices = UsageEvent.objects.count(), list(Invoice.objects.values())

    again = demo()

    assert again == "The demo is there. Nothing was changed.\n"
    assert (UsageEvent.objects.count(), list(Invoice.objects.values())) == (events, invoices)
    assert "CC-BY 4.0" in first
    assert f"{events:,} events and {len(invoices)} invoices" in first

    assert list(Plan.objects.order_by("sort_order").values_list("name", flat=True)) == [
        "Free",
        "Pro",
        "Enterprise",
    ]
    accounts = list(Account.objects.filter(as_customer__isnull=False))
    assert [account.customer_id for account in accounts] == [account.pk for account in accounts]
    assert Customer.objects.count() == 4
    assert Membership.objects.filter(role=Role.OWNER).count() == 4
    assert set(Subscription.objects.values_list("status", flat=True)) == {"ACTIVE"}
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"demo"}
    assert [verify(account.pk) for account in accounts] == [[], [], [], []]

    numbered = Invoice.objects.exclude(number=None).order_by("number")
    dates = [str(day) for day in numbered.values_list("issue_date", flat=True)]
    assert len(dates) >= 8
    assert dates == sorted(dates)
    assert UsageCounter.objects.filter(total__gt=Decimal(0)).count() > 20


def test_the_traces_are_the_hour_that_their_readme_says() -> None:
    code, conversation = read_trace("code"), read_trace("conv")

    assert (len(code), len(conversation)) == (8819, 19366)
    assert sum(request.tokens_in for request in code) == 18_059_974
