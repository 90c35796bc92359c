"""Signatures: a receiver that knows the convention verifies ours, and no other."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.receiver import Received
from webhooks.signing import headers_for, new_secret, signature

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def test_the_signature_of_the_conventions_own_example() -> None:
    given = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert given == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=500), IDS, st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_what_we_sign_verifies_and_nothing_else_does(
    body: bytes, message_id: str, at: datetime
) -> None:
    old, new, other = new_secret(), new_secret(), new_secret()

    headers = headers_for([new, old], message_id=message_id, body=body, now=at.replace(tzinfo=UTC))

    message = Received(headers, body)
    assert message.is_signed_with(new)
    assert message.is_signed_with(old)
    assert not message.is_signed_with(other)
    assert not Received(headers, body + b" ").is_signed_with(new)
    assert not Received({**headers, "webhook-id": message_id + "x"}, body).is_signed_with(new)
    assert not Received({**headers, "webhook-timestamp": "1"}, body).is_signed_with(new)


def test_a_secret_is_32_random_bytes() -> None:
    secret = new_secret()

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != new_secret()
