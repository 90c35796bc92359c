"""How long events and deliveries are kept, and what goes with a deleted customer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Account, OutboxEvent
from tests import factories
from tests.webhooks.receiver import Receiver
from tests.webhooks.scene import NOW, endpoint, happen, send
from webhooks import keeping
from webhooks.models import WebhookDelivery, WebhookEndpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    return factories.account()


class TestKeeping:
    def test_what_ended_long_ago_goes_and_what_waits_stays(
        self, account: Account, receiver: Receiver
    ) -> None:
        made = endpoint(account, receiver.url)
        happen(account.pk, "invoice.paid")
        send()
        happen(account.pk, "invoice.voided")
        WebhookDelivery.objects.update(created_at=NOW - timedelta(days=31))

        keeping.sweep(now=NOW)

        (left,) = WebhookDelivery.objects.all()
        assert (left.kind, left.endpoint_id) == ("invoice.voided", made.pk)

    def test_events_of_the_age_go_with_their_last_delivery(self, account: Account) -> None:
        happen(account.pk, "invoice.paid")
        aged = OutboxEvent.objects.get()

        keeping.sweep(now=NOW)
        kept = OutboxEvent.objects.count()
        keeping.sweep(now=aged.created_at + timedelta(days=365 * 50))

        assert (kept, OutboxEvent.objects.count()) == (1, 0)

    def test_a_deleted_customers_webhooks_and_events_go(
        self, account: Account, receiver: Receiver
    ) -> None:
        endpoint(account, receiver.url)
        operator = endpoint(None, receiver.url)
        happen(account.pk, "invoice.paid")

        keeping.erase_webhooks(account, now=NOW)  # type: ignore[arg-type]

        assert list(WebhookEndpoint.objects.all()) == [operator]
        assert not OutboxEvent.objects.exists()
        assert not WebhookDelivery.objects.exists()
