"""An account at Stripe that is in use already is taken over: what can be, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.credits.ledger import balance_of
from billing.models import Account, Subscription, SubscriptionPeriod
from coupons.models import Coupon
from invoicing.run import run_due
from paying.models import Profile
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def imported(*options: str) -> str:
    out = StringIO()
    call_command("import_stripe", *options, stdout=out)
    return out.getvalue()


def buyer(client: Any, **more: Any) -> Any:
    made = client.v1.customers.create({"email": "a@example.com", "name": "Acme", **more})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": made.id})
    client.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made


def subscribed(client: Any, customer: Any, pro: Any, **more: Any) -> Any:
    return client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": pro.default_price}], **more}
    )


@pytest.fixture
def running(leading: Callable[[str], None], client: Any, pro: Any) -> Any:
    """A subscription that began on 31 January and is in its second period."""
    leading("STRIPE")
    start = int(datetime(2026, 10, 31, 9, tzinfo=UTC).timestamp())
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": start})
    customer = buyer(
        client,
        test_clock=clock.id,
        address={"line1": "1 Road", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    )
    made = subscribed(client, customer, pro)
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 26 * 86_400})
    return made


def test_a_subscription_goes_on_with_its_anchor_and_period(running: Any) -> None:
    said = imported()

    subscription = Subscription.objects.get()
    period = SubscriptionPeriod.objects.get()
    item = running["items"].data[0]
    assert "subscription: 1 made" in said
    assert int(subscription.anchor_at.timestamp()) == running.billing_cycle_anchor
    assert int(period.start_at.timestamp()) == item.current_period_start
    assert int(period.end_at.timestamp()) == item.current_period_end
    assert subscription.stripe_subscription_id == running.id
    assert Profile.objects.get().mode == "LEAD"


def test_a_customer_is_a_tenant_with_its_address(running: Any) -> None:
    imported()

    tenant = Tenant.objects.select_related("account").get()
    assert (tenant.name, tenant.billing_email) == ("Acme", "a@example.com")
    assert tenant.address == {
        "line1": "1 Road",
        "city": "Berlin",
        "postalCode": "10115",
        "country": "DE",
    }
    assert (tenant.account.currency, tenant.account.stripe_customer_id) == ("USD", running.customer)


def test_a_second_import_changes_nothing(running: Any, client: Any) -> None:
    client.v1.coupons.create({"id": "WELCOME", "percent_off": 12.5, "duration": "once"})
    imported()

    said = imported()

    assert "made" not in said
    assert "customer: 1 known" in said
    assert (Account.objects.count(), Subscription.objects.count(), Coupon.objects.count()) == (
        1,
        1,
        1,
    )


def test_a_dry_run_says_the_same_and_changes_nothing(running: Any) -> None:
    said = imported("--dry-run")

    assert "Nothing was changed." in said
    assert "customer: 1 made" in said
    assert not Account.objects.exists()
    assert not Subscription.objects.exists()


def test_the_period_that_was_paid_at_stripe_is_not_asked_for_again(running: Any) -> None:
    imported()

    run_due(now=datetime(2026, 11, 29, 12, tzinfo=UTC))

    assert SubscriptionPeriod.objects.get().fees.count() == 0


def test_credit_is_granted_to_who_is_not_led_by_stripe(
    leading: Callable[[str], None], client: Any
) -> None:
    leading("STRIPE")
    client.v1.customers.create({"name": "Good", "balance": 0})
    customer = client.v1.customers.list().data[0]
    client.v1.customers.balance_transactions.create(
        customer.id, {"amount": -2500, "currency": "usd"}
    )

    first, again = imported(), imported()

    account = Account.objects.get()
    assert "balance: 1 made" in first
    assert "balance: 1 known" in again
    assert balance_of(account.id) == 2500


def test_with_collect_stripe_ends_it_and_the_credit_comes_here(running: Any, client: Any) -> None:
    client.v1.customers.balance_transactions.create(
        running.customer, {"amount": -500, "currency": "usd"}
    )

    imported("--collect")

    assert client.v1.subscriptions.retrieve(running.id).cancel_at_period_end is True
    assert Profile.objects.get().mode == "COLLECT"
    assert balance_of(Account.objects.get().id) == 500
    assert not Subscription.objects.get().cancel_at_period_end
    assert "made" not in imported("--collect")


def test_a_trial_goes_on(leading: Callable[[str], None], client: Any, pro: Any) -> None:
    leading("STRIPE")
    made = subscribed(client, buyer(client), pro, trial_period_days=14)

    imported()

    subscription = Subscription.objects.get()
    assert subscription.status == "TRIALING"
    assert subscription.trial_end_at is not None
    assert int(subscription.trial_end_at.timestamp()) == made.trial_end


def test_what_has_no_place_here_is_said(
    leading: Callable[[str], None], client: Any, pro: Any
) -> None:
    leading("STRIPE")
    customer = buyer(client)
    client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": pro.default_price, "quantity": 3}]}
    )
    client.v1.coupons.create({"id": "SPENT", "percent_off": 10, "max_redemptions": 0 + 1})
    client.v1.prices.create(
        {
            "product": pro.id,
            "currency": "usd",
            "unit_amount": 1,
            "recurring": {"interval": "month", "interval_count": 2},
        }
    )

    said = imported()

    assert "left out: its quantity is 3" in said
    assert "no plan: its interval is 2 months" in said
    assert not Subscription.objects.exists()


def test_coupons_keep_their_terms(leading: Callable[[str], None], client: Any) -> None:
    leading("STRIPE")
    client.v1.coupons.create(
        {"id": "TEN", "amount_off": 1000, "currency": "eur", "duration": "forever"}
    )
    client.v1.coupons.create(
        {"id": "HALF", "percent_off": 50, "duration": "repeating", "duration_in_months": 3}
    )
    client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": "HALF"}, "code": "SPRING"}
    )

    imported()

    rows = {
        row.code: (row.discount_type, row.value, row.duration_months)
        for row in Coupon.objects.all()
    }
    assert rows == {
        "TEN": ("FIXED_AMOUNT", Decimal(10), None),
        "HALF": ("PERCENTAGE", Decimal(50), 3),
        "SPRING": ("PERCENTAGE", Decimal(50), 3),
    }


def test_after_a_failure_on_the_way_it_goes_on(running: Any, stripe_sandbox: Any) -> None:
    stripe_sandbox.faults.plan({"kind": "500_before", "path": "/v1/subscriptions$", "times": 1})

    with pytest.raises(CommandError, match="run it again"):
        imported()
    said = imported()

    assert "subscription: 1 made" in said
    assert Account.objects.count() == 1
