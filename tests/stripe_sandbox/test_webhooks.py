"""Events are told signed, until they are taken, and in whatever order a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.stripe_sandbox.receiver import Receiver, receiving
from tests.stripe_sandbox.server import Sandbox

KEY = "sk_test_" + "b" * 24
SECRETS = ("whsec_new", "whsec_old")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with Sandbox(key=KEY, webhook_url=receiver.url, webhook_secrets=SECRETS) as one:
        yield one
        assert one.drifts == []


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return stripe.StripeClient(KEY, base_addresses={"api": sandbox.url})


@pytest.mark.parametrize("secret", SECRETS)
def test_an_event_verifies_with_each_secret_of_a_rotation(
    client: Any, sandbox: Sandbox, receiver: Receiver, secret: str
) -> None:
    made = client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})

    assert sandbox.webhooks.settle(5)

    body, signature = receiver.got[0]
    event = stripe.Webhook.construct_event(body, signature, secret)
    assert (event.type, event.data.object.id) == ("customer.created", made.id)
    assert event["request"]["idempotency_key"] == "k"
    assert client.v1.events.retrieve(event.id).pending_webhooks == 0


def test_a_body_altered_by_one_byte_does_not_verify(
    client: Any, sandbox: Sandbox, receiver: Receiver
) -> None:
    client.v1.customers.create({"name": "A"})
    assert sandbox.webhooks.settle(5)
    body, signature = receiver.got[0]

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"A", b"B", 1), signature, SECRETS[0])


def test_what_is_refused_is_told_again(client: Any, sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [500, 503]

    client.v1.customers.create({"name": "A"})

    assert sandbox.webhooks.settle(5)
    assert receiver.types == ["customer.created"] * 3
    assert len({event["id"] for event in receiver.events}) == 1


def test_held_events_go_in_the_order_that_is_wanted(
    client: Any, sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.webhooks.set(held=True, copies=2)
    made = client.v1.customers.create({"name": "A"})
    client.v1.customers.update(made.id, {"name": "B"})
    client.v1.customers.delete(made.id)
    assert receiver.got == []

    sandbox.webhooks.release("reversed")

    assert sandbox.webhooks.settle(5)
    expected = ["customer.deleted", "customer.updated", "customer.created"]
    assert receiver.types == [kind for kind in expected for _ in range(2)]


def test_dropped_events_stand_in_the_list_as_not_delivered(
    client: Any, sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.webhooks.set(held=True)
    client.v1.customers.create({"name": "A"})

    sandbox.webhooks.release("dropped")

    assert sandbox.webhooks.settle(5)
    assert receiver.got == []
    lost = client.v1.events.list({"delivery_success": False}).data
    assert [event.type for event in lost] == ["customer.created"]
