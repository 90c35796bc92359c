"""Stripe's events come in: signed, once, whatever they say; and nothing else comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings

from billing.kernel import clock
from paying.models import StripeEvent
from tests.client import error_of
from tests.fakes.stripe import FakeStripe
from tests.paying.conftest import HOOKS, deliver, event
from tests.paying.signing import SECRET, signed

pytestmark = pytest.mark.django_db


def test_without_a_secret_nothing_can_be_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.BILLING, "STRIPE_WEBHOOK_SECRET", ())

    answers = [error_of(deliver(event("a.b", "customer", "cus_1"), hook=hook)) for hook in HOOKS]

    assert answers == [(503, "STRIPE_NOT_CONFIGURED")] * 2


@pytest.mark.parametrize("hook", HOOKS)
def test_both_addresses_feed_one_inbox(hook: str) -> None:
    said = event("customer.updated", "customer", "cus_1", id="evt_1")

    first, again = deliver(said, hook=hook), deliver(said, hook=HOOKS[0])

    assert [a.json() for a in (first, again)] == [{"message": "acknowledged"}] * 2  # type: ignore[attr-defined]
    row = StripeEvent.objects.get()
    assert (row.id, row.type, row.object_type, row.object_id, row.customer_id) == (
        "evt_1",
        "customer.updated",
        "customer",
        "cus_1",
        "cus_1",
    )
    assert (row.status, row.source) == ("WAITING", "WEBHOOK")


BAD_HEADERS = {
    "missing": "",
    "nonsense": "abc",
    "no time": "v1=00",
    "no signature": "t=1",
    "two times": "t=1,t=2,v1=00",
    "a time of other digits": "t=１,v1=00",
    "another scheme": "t=1,v0=00",
    "very long": "t=1," + "v1=00," * 2000,
}


@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_bad_signature_is_refused(header: str) -> None:
    answer = deliver(event("customer.updated", "customer", "cus_1"), header=header)

    assert error_of(answer) == (400, "STRIPE_SIGNATURE_INVALID")
    assert StripeEvent.objects.count() == 0


def test_a_body_that_was_altered_by_one_byte_is_refused() -> None:
    body = json.dumps(event("customer.updated", "customer", "cus_1")).encode()

    answer = deliver(body.replace(b"cus_1", b"cus_2"), header=signed(body))

    assert error_of(answer) == (400, "STRIPE_SIGNATURE_INVALID")


@pytest.mark.parametrize(("age", "status"), [(295, 200), (305, 400), (-295, 200), (-305, 400)])
def test_a_signature_holds_for_300_seconds(age: int, status: int) -> None:
    body = json.dumps(event("customer.updated", "customer", "cus_1")).encode()
    at = int(clock.now().timestamp()) - age

    assert deliver(body, header=signed(body, at=at)).status_code == status


def test_a_secret_is_rotated_without_losing_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("whsec_new", SECRET)
    monkeypatch.setitem(settings.BILLING, "STRIPE_WEBHOOK_SECRET", secrets)
    body = json.dumps(event("customer.updated", "customer", "cus_1")).encode()
    both = signed(body, secret="whsec_old") + "," + signed(body, secret="whsec_new").split(",")[1]

    answers = [
        deliver(body, header=signed(body, secret=secret)).status_code
        for secret in (*secrets, "whsec_other")
    ]

    assert answers == [200, 200, 400]
    assert deliver(body, header=both).status_code == 200


def test_an_empty_body_is_refused() -> None:
    assert error_of(deliver(b"", header=signed(b""))) == (400, "MALFORMED_BODY")


BAD_BODIES: list[Any] = [
    [],
    [event("customer.updated", "customer", "cus_1", id="evt_1")],
    "text",
    7,
    None,
    {},
    {"id": "evt_1"},
    {"id": "evt_1", "type": "a", "created": "yesterday"},
    {"id": "evt_1", "type": "a", "created": True},
    {"id": "evt_1", "type": "a", "created": -1},
    {"id": "evt_1", "type": "a", "created": 10**20},
    {"id": 7, "type": "a", "created": 1},
    {"id": "e" * 256, "type": "a", "created": 1},
    {"id": "", "type": "a", "created": 1},
    {"id": "evt\x00", "type": "a", "created": 1},
]


@pytest.mark.parametrize("said", BAD_BODIES, ids=lambda said: json.dumps(said)[:40])
def test_a_signed_body_that_is_no_event_is_refused(said: Any) -> None:
    answer = deliver(said)

    assert answer.status_code == 400
    assert error_of(answer)[1] in {"MALFORMED_BODY", "INVALID_REQUEST"}
    assert StripeEvent.objects.count() == 0


def test_a_large_event_is_taken_and_a_huge_body_is_not() -> None:
    said = event("customer.updated", "customer", "cus_1")
    large = {**said, "padding": "x" * 1_000_000}
    huge = {**said, "padding": "x" * 11 * 1024 * 1024}

    assert deliver(large).status_code == 200
    assert deliver(huge).status_code == 413


ODD: dict[str, dict[str, Any]] = {
    "no object": {"data": None},
    "an object without an id": {"data": {"object": {"object": "balance"}}},
    "an object that is a list": {"data": {"object": []}},
    "another version": {"api_version": "2014-01-01"},
    "no version": {"api_version": None},
    "an odd customer": {"data": {"object": {"object": "charge", "id": "ch", "customer": 7}}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_event_is_kept_and_harmless(odd: dict[str, Any], stripe: FakeStripe) -> None:
    from paying.inbox.working import sweep_inbox

    said = {**event("customer.updated", "customer", "cus_1"), **odd}

    assert deliver(said).status_code == 200
    sweep_inbox(stripe=stripe, now=clock.now())

    assert StripeEvent.objects.get().status == "KEPT"


def test_a_type_that_nobody_knows_is_kept_and_rests(stripe: FakeStripe) -> None:
    deliver(event("person.danced", "person", "per_1"))

    row = StripeEvent.objects.get()
    assert (row.status, row.due_at, row.attempts) == ("KEPT", None, 0)
    assert stripe.calls == []


@pytest.mark.parametrize(("key", "livemode"), [("sk_test_1", True), ("sk_live_1", False)])
def test_an_event_of_the_other_mode_is_refused(
    key: str, livemode: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "STRIPE_SECRET_KEY", key)

    answer = deliver(event("customer.updated", "customer", "cus_1", livemode=livemode))

    assert error_of(answer) == (400, "STRIPE_MODE_MISMATCH")
    assert StripeEvent.objects.count() == 0
