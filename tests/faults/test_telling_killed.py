"""Workers killed while they tell: what was to be told is told all the same, and fires once."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest

from alerts import looking
from alerts.models import AlertFiring, AlertWatch
from billing.kernel import clock
from billing.models import OutboxEvent
from invoicing.records import Mail
from tests import factories
from tests.alerts.scene import Scene, sweep
from tests.faults.killed import Fuse, was_killed
from tests.webhooks.receiver import receiving
from tests.webhooks.scene import NOW, endpoint, happen, send, state
from webhooks import claiming, handing_on, sending
from webhooks.models import WebhookDelivery

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def loopback_allowed(settings: object) -> None:
    settings.BILLING = {  # type: ignore[attr-defined]
        **settings.BILLING,  # type: ignore[attr-defined]
        "BILLING_WEBHOOK_NETWORKS": ("127.0.0.0/8",),
    }


def test_killed_between_the_answer_and_its_note_it_is_sent_again_under_its_id() -> None:
    account = factories.account()
    with receiving() as receiver:
        endpoint(account, receiver.url)
        happen(account.pk, "invoice.paid")

        def work() -> None:
            with patch.object(sending, "note", Fuse(1).around(sending.note)):
                send()

        assert was_killed(work)
        assert len(receiver.received) == 1
        assert state() == [("WAITING", 0, NOW + claiming.LEASE)]
        send(NOW + claiming.LEASE)

        first, again = receiver.received
    assert state() == [("DELIVERED", 1, None)]
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


@pytest.mark.parametrize("point", [1, 2])
def test_killed_while_events_are_handed_on_each_is_delivered_once(point: int) -> None:
    account = factories.account()
    with receiving() as receiver:
        endpoint(account, receiver.url)

        def work() -> None:
            killing = Fuse(point).around(handing_on.wake_endpoints)
            with patch.object(handing_on, "wake_endpoints", killing):
                happen(account.pk, "invoice.paid", "invoice.voided")

        assert was_killed(work)
        assert not WebhookDelivery.objects.exists()
        handing_on.hand_on(now=NOW)
        send()

    assert sorted(receiver.kinds) == ["invoice.paid", "invoice.voided"]
    assert not OutboxEvent.objects.exclude(due_at=None).exists()


@pytest.mark.parametrize("point", [1, 2])
def test_killed_before_or_after_its_note_an_alert_fires_once(point: int) -> None:
    """The odd point is before the transaction, the even one after its commit."""
    scene = Scene.at("2026-03-10T12:30:00Z", billingEmail="ap@acme.example")
    scene.alert("ABSOLUTE", "10.00")
    scene.spend(20)

    def work() -> None:
        with patch.object(looking, "note", Fuse(point).around(looking.note)):
            sweep()

    assert was_killed(work)
    AlertWatch.objects.filter(leased_until__isnull=False).update(
        leased_until=clock.now() - timedelta(seconds=1)
    )
    sweep()

    assert AlertFiring.objects.count() == 1
    assert OutboxEvent.objects.filter(kind="alert.triggered").count() == 1
    assert Mail.objects.filter(template="alert").count() == 1
