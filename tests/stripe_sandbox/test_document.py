"""The sandbox is held to Stripe's own document, and the part that we keep of it is unaltered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stripe_sandbox import document, resources, subset
from tests.stripe_sandbox.calls import HANDLERS

WHOLE = os.environ.get("STRIPE_OPENAPI", "")
"""Where Stripe's whole document lies, openapi.spec3.json of github.com/stripe/openapi."""


def test_every_operation_has_an_answer_and_every_answer_an_operation() -> None:
    assert resources.__all__

    assert set(HANDLERS) == set(document.OPERATIONS)


def test_the_part_that_we_keep_is_what_stripe_publishes() -> None:
    if not WHOLE:
        pytest.skip("STRIPE_OPENAPI does not say where Stripe's whole document is")
    whole = json.loads(Path(WHOLE).read_text(encoding="utf-8"))

    made = subset.written(subset.Taker(whole).take())

    assert made == subset.SUBSET.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "colour"),
        ({"livemode": "no"}, "livemode"),
        ({"created": None}, "created"),
        ({"address": {"town": "Berlin"}}, "address"),
    ],
)
def test_an_answer_that_stripe_would_not_give_is_found(
    change: dict[str, object], said: str
) -> None:
    good = document.blank("customer", {"id": "cus_1", "object": "customer", "created": 1})
    document.check_object(good)

    with pytest.raises(document.Drift, match=said):
        document.check_object(good | change)


def test_an_answer_that_lacks_a_field_is_found() -> None:
    with pytest.raises(document.Drift, match="created"):
        document.check_object({"id": "cus_1", "object": "customer", "livemode": False})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_the_quick_judge_and_the_slow_one_agree(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["customer", "price", "event", "refund", "line_item"]))
    schema = document.STRICT[name]
    fields = schema["properties"]
    odd = st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.text(max_size=9)),
        *(st.just([]), st.just({}), st.just({"object": "list"}), st.just(["usd"])),
    )
    body = data.draw(st.dictionaries(st.sampled_from([*fields, "colour"]), odd))
    quick, slow = document._judge(name, "")

    assert quick(body) == slow.is_valid(body)


def test_stripes_client_pins_the_version_that_is_described() -> None:
    stripe = pytest.importorskip("stripe")

    assert stripe.api_version == document.VERSION
