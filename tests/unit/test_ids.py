"""Ids: the time that they were made at, then chance."""

from __future__ import annotations

import re
import time
from uuid import RFC_4122, UUID

import pytest

from billing.kernel import ids
from billing.kernel.ids import UUID_FORM, uuid7, uuid7_text

FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_ids_have_the_form_of_version_7() -> None:
    made = {uuid7_text() for _ in range(2_000)}

    assert len(made) == 2_000
    assert all(FORM.fullmatch(one) and UUID_FORM.fullmatch(one) for one in made)
    assert {one[19] for one in made} == set("89ab")


def test_an_id_begins_with_the_milliseconds_since_1970() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after
    assert (made.version, made.variant) == (7, RFC_4122)


@pytest.mark.parametrize("noise", [bytes(10), b"\xff" * 10, bytes(range(0x10, 0x1A))])
def test_the_rest_is_chance(monkeypatch: pytest.MonkeyPatch, noise: bytes) -> None:
    """RFC 9562: 12 bits after the version, 62 after the variant."""
    monkeypatch.setattr(ids, "urandom", lambda size: noise[:size])
    chance = int.from_bytes(noise)

    made = UUID(uuid7_text()).int

    assert made >> 64 & 0xFFF == chance >> 64 & 0xFFF
    assert made & (1 << 62) - 1 == chance & (1 << 62) - 1
