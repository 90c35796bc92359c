"""Random histories: every finalized invoice is the one that the calculator expects."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, note, seed, settings

from tests.reference.account import invoices_of
from tests.reference.driver import Driver, calculated, differing, make_meters
from tests.reference.resolving import resolve
from tests.reference.strategies import Life, lives
from tests.scenarios.world import World

# What happens in a history, the likelier the more often it stands here.
KINDS = (
    *("usage", "usage", "usage", "late", "void"),
    *("change", "change", "change", "no_proration", "period_end"),
    *("pause", "pause", "resume", "resume", "resume"),
    *("cancel", "end", "reactivate", "reactivate", "reactivate", "create"),
    *("percent", "amount", "coupon_percent", "coupon_amount", "coupon_credit", "credit"),
)


def compare(life: Life) -> None:
    driver = Driver(World(), life)
    history = resolve(life, driver.codes)
    for step in history.steps:
        note(str(step))
    expected = [calculated(one, life.currency) for one in invoices_of(history)]

    found = driver.play(history)

    differences = differing(expected, found)
    assert not differences, "\n".join(differences)


def test_every_invoice_is_the_one_expected(chunk: int, size: int, db: None) -> None:
    make_meters(World())

    @seed(chunk)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(life=lives(KINDS))
    def live(life: Life) -> None:
        compare(life)

    live()
