"""What is left of a customer that was deleted: what was printed, and what can be counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.credits.services import grant_credit
from billing.kernel.errors import TenantNotFound
from billing.kernel.joint import Waiting
from billing.metering.models import UsageEvent
from billing.metering.record import COPY_FROM, record
from billing.models import CreditEntry, CreditGrant, Subscription
from billing.stripe.null import NullGateway
from billing.subscriptions.discounting import DiscountTerms, give_discount
from billing.subscriptions.ending import cancel_subscription
from billing.subscriptions.fee_models import Discount
from costs.models import AllocationRule
from customers.models import Customer, CustomerDeletion, Membership
from customers.services import carrying, erasing
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceStatus
from invoicing.records import Mail, MailTemplate
from tenants.metering.committer import commit
from tenants.models import Tenant
from tests import factories
from tests.services import doomed
from tests.services.doomed import NOW, Doomed

pytestmark = pytest.mark.django_db

PERSONAL = ("Bob", "bob", "acme.example", "DE-BOB")


@pytest.fixture
def doomed_one() -> Doomed:
    return doomed.make()


def carry(of: Doomed) -> CustomerDeletion:
    carrying.carry_deletion(account_id=of.id, stripe=NullGateway(), now=NOW)
    return CustomerDeletion.objects.get()


def final_ones() -> list[Any]:
    """Return all that finalized invoices say and print."""
    invoices = Invoice.objects.filter(number__isnull=False).order_by("pk")
    return [
        list(invoices.values()),
        list(InvoiceLine.objects.filter(invoice__in=invoices).order_by("pk").values()),
        list(InvoiceDocument.objects.filter(invoice__in=invoices).order_by("pk").values()),
        list(CreditEntry.objects.order_by("pk").values()),
    ]


def test_in_the_end_nothing_names_a_person_but_what_was_printed(doomed_one: Doomed) -> None:
    printed, counted = final_ones(), doomed_one.counted()
    before = doomed.everything()
    events = UsageEvent.objects.count()
    doomed_one.delete()
    cut = doomed_one.counted()

    done = carry(doomed_one)

    assert all(word in before for word in PERSONAL)
    after = doomed.everything()
    assert [word for word in PERSONAL if word in after] == []
    assert final_ones() == printed
    assert "Bob's Tenant" in str(printed)
    assert (done.status, done.key, done.due_at, done.done_at) == ("DONE", "", None, NOW)
    assert Customer.objects.count() == 0
    assert doomed_one.counted() == cut == counted
    assert doomed_one.disagreements() == []
    assert UsageEvent.objects.count() == events
    open_ones = Invoice.objects.filter(number__isnull=True)
    assert set(open_ones.values_list("status", flat=True)) == {InvoiceStatus.VOID}
    tenants = Tenant.objects.values_list("name", "billing_email", "address", "tax_id")
    assert set(tenants) == {("Deleted", "", None, "")}


def test_why_something_was_given_or_ended_goes_and_the_amounts_stay(doomed_one: Doomed) -> None:
    said = "Bob complained"
    subscription = Subscription.objects.get(account_id=doomed_one.id)
    of: dict[str, Any] = {"account_id": doomed_one.id, "now": NOW}
    ten = DiscountTerms(percent=Decimal(10), reason=said)
    give_discount(subscription_id=subscription.pk, terms=ten, **of)
    grant_credit(amount="5.00", reason=said, **of)
    cancel_subscription(subscription_id=subscription.pk, reason=said, **of)
    AllocationRule.objects.create(
        account_id=doomed_one.id, name=said, method="PERCENTAGE", valid_from=NOW, created_at=NOW
    )
    doomed_one.delete()

    carry(doomed_one)

    subscription.refresh_from_db()
    discount, grant = Discount.objects.get(), CreditGrant.objects.get()
    assert (subscription.cancellation_reason, discount.reason, grant.reason) == ("", "", "")
    assert (str(discount.percent), grant.amount_minor) == ("10.000000000000", 500)
    assert AllocationRule.objects.get().name == "Deleted"


def test_the_reason_of_credit_stays_while_its_account_is_open(doomed_one: Doomed) -> None:
    grant_credit(account_id=doomed_one.id, amount="5.00", reason="Goodwill", now=NOW)

    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        CreditGrant.objects.update(reason="")


def test_a_charges_filter_still_finds_what_it_asks_for_and_no_other_property_stays(
    doomed_one: Doomed,
) -> None:
    doomed_one.delete()
    carry(doomed_one)

    sums = UsageEvent.objects.filter(meter_id=doomed_one.meters["sum"].pk)
    kept = {str(event.metadata) for event in sums}
    assert kept == {"{'model': 'gpt'}", "None"}
    seats = UsageEvent.objects.filter(meter_id=doomed_one.meters["seat"].pk)
    values = {event.metadata["seat"] for event in seats if event.metadata}
    assert all(set(event.metadata or {}) == {"seat"} for event in seats)
    assert "spare" in values
    assert {value[:7] for value in values - {"spare"}} == {"erased:"}
    # 4 whole numbers, 5 people less those that were only ever on a spare seat, per account.
    assert len(values) == 1 + 4 + 5


def test_the_same_person_is_the_same_word_everywhere(doomed_one: Doomed) -> None:
    doomed_one.delete()
    carry(doomed_one)

    users = UsageEvent.objects.filter(meter_id=doomed_one.meters["userId"].pk)
    sums = UsageEvent.objects.filter(meter_id=doomed_one.meters["sum"].pk)
    named = set(users.values_list("user_id", flat=True))
    assert len(named) == 5
    assert named == set(sums.values_list("user_id", flat=True))
    resources = UsageEvent.objects.filter(meter_id=doomed_one.meters["resourceId"].pk)
    assert set(resources.values_list("resource_id", flat=True)) == named


def test_another_customer_is_not_touched(doomed_one: Doomed) -> None:
    other = doomed.make()
    other_id = other.id
    doomed_one.delete()
    carry(doomed_one)

    assert Customer.objects.get().pk == other.id
    assert Membership.objects.filter(customer_id=other_id).count() == 3
    tenants = Tenant.objects.filter(account_id__in=[a.pk for a in other.accounts])
    assert set(tenants.values_list("name", flat=True)) == {"Bob's Tenant"}
    assert UsageEvent.objects.filter(account_id=other.id, user_id__startswith="bob").exists()
    assert other.disagreements() == []
    assert Subscription.objects.live().count() == 2


def test_each_part_is_small_and_says_where_to_go_on(
    doomed_one: Doomed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.metering.erasing.BATCH", 7)
    monkeypatch.setattr("billing.accounts.erasing.BATCH", 1)
    doomed_one.delete()
    before = doomed_one.counted()

    steps = 0
    while erasing.take_step(account_id=doomed_one.id, now=NOW):
        steps += 1

    assert steps > 2 * 110 // 7
    assert "bob" not in doomed.everything()
    assert doomed_one.counted() == before
    assert doomed_one.disagreements() == []


@pytest.mark.parametrize("kind", ["sum", "userId"])
@pytest.mark.parametrize("number", [1, COPY_FROM + 1])
def test_usage_that_comes_after_the_closing_is_refused(
    doomed_one: Doomed, kind: str, number: int
) -> None:
    """Also where a process has kept the timeline, or the account, from before."""
    meter, account = doomed_one.meters[kind], doomed_one.accounts[0]

    def use() -> None:
        events = [factories.usage(meter, NOW, user_id="bob") for _ in range(number)]
        record([factories.batch(account, *events)])

    use()
    doomed_one.delete()
    before = UsageEvent.objects.count()

    with pytest.raises(TenantNotFound):
        use()

    assert UsageEvent.objects.count() == before


def test_one_closed_account_does_not_stop_the_usage_of_others(doomed_one: Doomed) -> None:
    other = doomed.make()
    doomed_one.delete()
    meter = other.meters["sum"]
    batches = [
        factories.batch(of.accounts[0], factories.usage(meter, NOW)) for of in (doomed_one, other)
    ]
    before = UsageEvent.objects.filter(account_id=other.id).count()
    group = [Waiting(batch) for batch in batches]

    commit(group)

    assert isinstance(group[0].error, TenantNotFound)
    assert group[1].outcome == [True]
    assert UsageEvent.objects.filter(account_id=other.id).count() == before + 1


def test_mails_go_for_they_name_whom_they_were_sent_to(doomed_one: Doomed) -> None:
    Mail.objects.bulk_create(
        Mail(
            account_id=doomed_one.id,
            template=MailTemplate.OVERDUE,
            about=f"reminder {number}",
            language="en",
            recipient="bob@acme.example",
            subject="Overdue",
            text="Dear Bob",
            html="<p>Dear Bob</p>",
            due_at=NOW,
            created_at=NOW,
        )
        for number in range(25)
    )
    doomed_one.delete()

    carry(doomed_one)

    assert Mail.objects.count() == 0
