"""`kill -9` at each step of a charge: the next run finds it, and nothing is charged twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.utils.module_loading import import_string

from billing.kernel import clock
from billing.stripe.current import using
from invoicing import verification
from paying.choosing import choose_mode
from paying.models import Collection, Intent, Receipt
from paying.money.collecting import collect_due
from tests.fakes.stripe import FakeStripe
from tests.faults.killed import Fuse, was_killed
from tests.paying.conftest import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

POINTS = (
    "paying.money.collecting.adopt",
    "paying.money.collecting.begin",
    "paying.money.collecting.settle_intent",
    "paying.money.settling.take_in",
    "paying.money.receiving.add_payment",
    "paying.money.collecting.follow_intent",
    "paying.money.pushing.note_made",
    "paying.money.pushing.settle_push",
    "paying.money.pushing.take_in",
)
ASKS = ("create_intent", "draft_invoice", "complete_invoice", "pay_invoice")


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeStripe]:
    made = FakeStripe(tmp_path / "stripe.json")
    with using(made):
        yield made


def armed(work: Callable[[], Any], at: int, fake: FakeStripe) -> bool:
    fuse = Fuse(at)

    def run() -> None:
        for name in POINTS:
            patch(name, fuse.around(import_string(name))).start()
        for name in ASKS:
            patch.object(fake, name, fuse.around(getattr(fake, name))).start()
        work()

    return was_killed(run)


@pytest.mark.parametrize(("way", "kind"), [("INTENT", "intent"), ("INVOICE", "invoice")])
def test_a_charge_that_is_killed_anywhere_is_made_once(
    fake: FakeStripe, way: str, kind: str
) -> None:
    died, charged = 0, 0
    for at in range(1, 40):
        shop = Shop(fake)
        shop.open()
        due = shop.subscribe()
        shop.link()
        choose_mode(account_id=shop.id, mode="COLLECT", way=way, now=clock.now())

        was = armed(lambda: collect_due(stripe=fake, now=clock.now()), at, fake)
        collect_due(stripe=fake, now=clock.now() + timedelta(minutes=5))
        collect_due(stripe=fake, now=clock.now() + timedelta(minutes=10))

        due.refresh_from_db()
        mine = [i for i in fake.things(kind) if i["invoice"] == str(due.pk)]
        assert (due.status, len(mine), due.payments.count()) == ("PAID", 1, 1), at
        charged += 1
        if not was:
            break
        died += 1

    assert died >= 10
    assert Intent.objects.count() == Receipt.objects.count() == charged
    assert set(Collection.objects.values_list("status", flat=True)) == {"ENDED"}
    assert list(verification.verify()) == []
