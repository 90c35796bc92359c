"""From an event to a receiver: at least once, signed, in bounded time, again until it is taken."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from billing.models import Account, AuditEntry, OutboxEvent
from invoicing.records import Mail
from tenants.models import Tenant
from tests import factories
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.scene import NOW, endpoint, happen, seconds, send, state
from webhooks import claiming, handing_on, posting, services
from webhooks.models import WebhookDelivery, WebhookEndpoint
from webhooks.noting import note
from webhooks.posting import Answer

pytestmark = pytest.mark.django_db(transaction=True)

BAD = Answer(status=500, failure="answered 500")


@pytest.fixture
def account() -> Account:
    return factories.account()


def test_an_event_is_posted_signed_to_who_asked_for_it(
    account: Account, receiver: Receiver
) -> None:
    made = endpoint(account, receiver.url, "invoice.*", "subscription.paused")

    happen(account.pk, "invoice.paid", "subscription.created", "subscription.paused")
    send()

    assert sorted(receiver.kinds) == ["invoice.paid", "subscription.paused"]
    paid = next(one for one in receiver.received if one.json["type"] == "invoice.paid")
    event = OutboxEvent.objects.get(kind="invoice.paid")
    assert paid.json == {
        "id": str(event.pk),
        "type": "invoice.paid",
        "timestamp": "2026-03-01T12:00:00Z",
        "tenantId": str(account.pk),
        "number": 1,
        "data": {"about": "invoice.paid"},
    }
    assert paid.headers["webhook-id"] == str(event.pk)
    assert paid.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert paid.is_signed_with(made.secret)
    assert state() == [("DELIVERED", 1, None), ("DELIVERED", 1, None)]
    assert not OutboxEvent.objects.exclude(due_at=None).exists()


def test_another_tenants_events_go_to_the_operator_and_not_to_this_one(
    account: Account, receiver: Receiver
) -> None:
    other = factories.account()
    with receiving() as operator:
        endpoint(account, receiver.url)
        endpoint(None, operator.url)

        happen(account.pk, "invoice.paid")
        happen(other.pk, "invoice.voided")
        send()

    assert receiver.kinds == ["invoice.paid"]
    assert sorted(operator.kinds) == ["invoice.paid", "invoice.voided"]


def test_handing_on_again_makes_no_second_delivery(account: Account, receiver: Receiver) -> None:
    endpoint(account, receiver.url)
    happen(account.pk, "invoice.paid")
    OutboxEvent.objects.update(due_at=NOW)  # as after a crash that lost the update

    handing_on.hand_on(now=NOW)
    send()

    assert receiver.kinds == ["invoice.paid"]


def test_a_failure_is_tried_again_with_the_same_message_until_it_is_taken(
    account: Account, receiver: Receiver
) -> None:
    made = endpoint(account, receiver.url)
    receiver.status, receiver.text = 503, b"busy"
    happen(account.pk, "invoice.paid")

    send()
    assert state() == [("WAITING", 1, NOW + seconds(5))]
    send(NOW + seconds(4))
    assert len(receiver.received) == 1
    receiver.status = 204
    send(NOW + seconds(5))

    assert state() == [("DELIVERED", 2, None)]
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    log = WebhookDelivery.objects.get().log
    assert [(entry["status"], entry["failure"], entry["snippet"]) for entry in log] == [
        (503, "answered 503", "busy"),
        (204, "", ""),
    ]
    made.refresh_from_db()
    assert (made.failing_since, made.failures, made.rest_until) == (None, 0, None)


def test_it_is_tried_for_three_days_ever_more_seldom(account: Account) -> None:
    made = endpoint(account, "https://hooks.example/")
    other = WebhookDelivery.objects.create(
        endpoint=made, kind="x", due_at=NOW, give_up_at=NOW + timedelta(days=3), created_at=NOW
    )
    at, waits = NOW, []

    while True:
        note(delivery_id=other.pk, answer=BAD, now=at)
        other.refresh_from_db()
        if other.due_at is None:
            break
        waits.append((other.due_at - at) / seconds(1))
        at = other.due_at

    assert waits[:10] == [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200]
    assert at == NOW + timedelta(days=3)
    assert other.status == "FAILED"
    assert len(other.log) == other.attempts == len(waits) + 1


def test_three_days_of_failure_disable_it_and_tell_whose_it_is(account: Account) -> None:
    Tenant.objects.filter(account=account).update(billing_email="ap@acme.example")
    made = endpoint(account, "https://hooks.example/")
    happen(account.pk, "invoice.paid", "invoice.voided")
    first, second = WebhookDelivery.objects.order_by("event__number")
    note(delivery_id=first.pk, answer=BAD, now=NOW)

    note(delivery_id=second.pk, answer=BAD, now=NOW + timedelta(days=2, hours=23))
    assert WebhookEndpoint.objects.get().is_enabled
    note(delivery_id=second.pk, answer=BAD, now=NOW + timedelta(days=3))

    made.refresh_from_db()
    assert (made.is_enabled, made.disabled_reason, made.due_at) == (False, "FAILURES", None)
    assert [row[0] for row in state()] == ["FAILED", "FAILED"]
    mail = Mail.objects.get()
    assert (mail.recipient, mail.template) == ("ap@acme.example", "webhook_off")
    assert "https://hooks.example/" in mail.text
    assert "https://hooks.example/" in mail.html
    assert AuditEntry.objects.filter(action="webhook.disabled").count() == 1
    happen(account.pk, "invoice.paid")
    assert len(state()) == 2


def test_the_operators_is_told_to_the_operator() -> None:
    made = endpoint(None, "https://hooks.example/")
    happen(factories.account().pk, "invoice.paid")

    note(delivery_id=WebhookDelivery.objects.get().pk, answer=Answer(status=410), now=NOW)

    made.refresh_from_db()
    assert (made.is_enabled, made.disabled_reason) == (False, "GONE")
    mail = Mail.objects.get()
    assert (mail.account, mail.recipient) == (None, "billing@example.com")
    assert "410" in mail.text


def test_a_failing_receiver_gets_one_attempt_at_a_time_and_rests(
    account: Account, receiver: Receiver
) -> None:
    endpoint(account, receiver.url)
    receiver.status = 500
    happen(account.pk, *["invoice.paid"] * 30)

    send()
    first = len(receiver.received)
    send(NOW + seconds(1))
    send(NOW + seconds(2))

    assert first <= claiming.AT_ONCE
    assert len(receiver.received) <= first + 2


def test_a_hanging_receiver_holds_up_no_other(
    account: Account, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 2.0)
    other = factories.account()
    receiver.seconds = 60
    with receiving() as well:
        endpoint(account, receiver.url)
        endpoint(other, well.url)
        happen(account.pk, *["invoice.paid"] * 20)
        happen(other.pk, *["invoice.paid"] * 40)
        began = time.monotonic()

        send()

        took = time.monotonic() - began
    assert len(well.received) == 40
    assert len(receiver.received) <= claiming.AT_ONCE
    assert took < 20


def test_what_a_dead_worker_had_taken_is_sent_again_after_its_lease(
    account: Account, receiver: Receiver
) -> None:
    endpoint(account, receiver.url)
    happen(account.pk, "invoice.paid")
    assert len(claiming.claim(now=NOW)) == 1  # and the worker dies here

    assert send(NOW + seconds(59)) == 0
    send(NOW + claiming.LEASE)

    assert state() == [("DELIVERED", 1, None)]


def test_two_workers_never_take_the_same(account: Account) -> None:
    endpoint(account, "https://hooks.example/")
    happen(account.pk, *["invoice.paid"] * 5)

    first, second = claiming.claim(now=NOW), claiming.claim(now=NOW)

    assert (len(first), len(second)) == (5, 0)


def test_rotated_secrets_sign_both_until_the_overlap_is_over(
    account: Account, receiver: Receiver
) -> None:
    made = endpoint(account, receiver.url)
    old = made.secret
    services.rotate_secret(endpoint_id=made.pk, overlap=timedelta(hours=1), now=NOW)
    new = WebhookEndpoint.objects.get().secret

    happen(account.pk, "invoice.paid")
    send(NOW + timedelta(minutes=59))
    happen(account.pk, "invoice.voided")
    send(NOW + timedelta(hours=1))

    during, after = receiver.received
    assert (during.is_signed_with(old), during.is_signed_with(new)) == (True, True)
    assert (after.is_signed_with(old), after.is_signed_with(new)) == (False, True)


def test_a_replay_is_the_same_message(account: Account, receiver: Receiver) -> None:
    endpoint(account, receiver.url)
    happen(account.pk, "invoice.paid")
    send()

    services.replay_delivery(delivery_id=WebhookDelivery.objects.get().pk, now=NOW + seconds(9))
    send(NOW + seconds(9))

    first, again = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert state() == [("DELIVERED", 2, None)]


def test_a_test_message_is_tried_once(account: Account, receiver: Receiver) -> None:
    made = endpoint(account, receiver.url, "invoice.paid")
    receiver.status = 500

    services.send_test(endpoint_id=made.pk, now=NOW)
    send()

    assert receiver.kinds == ["webhook.test"]
    assert state() == [("FAILED", 1, None)]


def test_a_private_address_is_refused_when_it_is_sent_too(
    account: Account, receiver: Receiver, settings: Any
) -> None:
    endpoint(account, receiver.url)
    happen(account.pk, "invoice.paid")

    with override_settings(BILLING={**settings.BILLING, "BILLING_WEBHOOK_NETWORKS": ()}):
        send()

    assert receiver.received == []
    assert "public" in WebhookDelivery.objects.get().log[0]["failure"]
