"""Events of the catalogue, as the inbox reads them, and the commands beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.models import Plan
from billing.stripe.current import gateway
from billing.stripe.objects import StripeObjects
from paying import tasks
from paying.syncing.handlers import HANDLERS
from tests.stripe_catalogue.test_pushing import plan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", ["price", "product"])
def test_an_event_brings_the_tier(
    things: StripeObjects, pro: Any, now: datetime, kind: str
) -> None:
    name = {"price": pro.default_price, "product": pro.id}[kind]

    done = HANDLERS[kind](name, stripe=gateway(), now=now)

    assert (done.outcome, done.is_ours) == ("pro made", True)
    assert Plan.objects.get().name == "Pro"


def test_an_event_is_kept_where_stripe_does_not_lead(
    things: StripeObjects, pro: Any, leading: Callable[[str], None], now: datetime
) -> None:
    leading("OURS")

    done = HANDLERS["product"](pro.id, stripe=gateway(), now=now)

    assert not done.is_ours
    assert not Plan.objects.exists()


def test_where_ours_leads_beat_pushes(
    leading: Callable[[str], None], client: Any, now: datetime
) -> None:
    leading("OURS")
    plan(now)

    tasks.push_catalogue()

    assert [row.name for row in client.v1.products.list().data] == ["Pro"]


def test_the_command_says_what_differs_and_mends_it(things: StripeObjects, pro: Any) -> None:
    said = []
    for options in (["--dry-run"], [], []):
        out = StringIO()
        call_command("stripe_catalogue", *options, stdout=out)
        said.append(out.getvalue())

    assert said == [
        "pro: made\n0 are the same on both sides.\n",
        "pro: made\n0 are the same on both sides.\n",
        "1 are the same on both sides.\n",
    ]


def test_the_command_refuses_where_neither_leads(leading: Callable[[str], None]) -> None:
    leading("OFF")

    with pytest.raises(CommandError, match="OFF"):
        call_command("stripe_catalogue")
