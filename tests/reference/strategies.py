"""Random catalogues and random wishes; `resolving.py` makes histories of them.

A number makes all of it, so that no two histories are alike; Hypothesis chooses the number and
which of the wishes are kept, and so finds the fewest that still fail.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.reference.money import shown

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata")
DAYS = {"DAY": 1, "WEEK": 7, "MONTH": 30, "QUARTER": 91, "YEAR": 365}
# Intervals that may follow each other in one history, so that none has a hundred periods.
NEAR = (("DAY", "WEEK"), ("WEEK", "MONTH"), ("MONTH", "QUARTER"), ("QUARTER", "YEAR"))
SUMMED = ("API_CALLS", "COMPUTE_SECONDS")
OTHERS = ("STORAGE_BYTES", "ACTIVE_USERS", "REFERENCE_COUNT", "REFERENCE_LATEST")
REGIONS = ("eu", "us")
MODELS = ("PER_UNIT", "PACKAGE", "GRADUATED", "VOLUME", "PERCENTAGE", "STAIRCASE")
STARTS = (
    datetime(2025, 1, 31, 9, 0, 0, tzinfo=UTC),
    datetime(2025, 1, 30, 1, 30, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 0, 0, 0, tzinfo=UTC),
    datetime(2025, 3, 29, 23, 17, 5, tzinfo=UTC),
    datetime(2025, 10, 25, 7, 30, 0, tzinfo=UTC),
    datetime(2025, 3, 8, 10, 15, 0, tzinfo=UTC),
    datetime(2025, 4, 1, 0, 0, 0, tzinfo=UTC),
    datetime(2025, 8, 31, 18, 29, 59, tzinfo=UTC),
)
MOVED = (0, 0, 1, 40_000, 1_000_001)
MOST_WISHES = 20
EDGES = (-3600, -1, 0, 1, 1800, 3599, 3600, 3601)


@dataclass(frozen=True)
class Wish:
    """Something to do after a while, if the state allows it. `edge` moves it to a boundary."""

    kind: str
    wait: float
    edge: int | None
    number: int
    days: int | None
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Life:
    """Plans, a start, and wishes in order; `ahead` is days from creation to the start."""

    currency: str
    zone: str
    start: datetime
    ahead: int
    trial_days: int | None
    plans: tuple[dict[str, Any], ...]
    wishes: tuple[Wish, ...]


class Maker:
    """Draws plans and wishes from one source of chance."""

    def __init__(self, number: int, kinds: Sequence[str]) -> None:
        self.chance = Random(number)
        self.kinds = kinds
        self.currency = self.chance.choice(["USD", "USD", "JPY", "KWD"])

    def one_in(self, count: int) -> bool:
        return self.chance.randrange(count) == 0

    def money(self, most: int) -> str:
        """Return an amount in major units, often a round one."""
        amount = self.chance.randint(0, most)
        return shown(amount - amount % 1000 if self.one_in(2) else amount, self.currency)

    def decimal(self, most: int, places: int) -> str:
        whole, part = divmod(self.chance.randint(0, most * 10**places), 10**places)
        return f"{whole}.{part:0{places}d}"

    def price(self) -> str:
        odd = self.chance.choice(["0.005", "0.333", "0.0005", "1"])
        return self.chance.choice([self.decimal(2, 2), self.decimal(1, 4), odd])

    def quantity(self) -> str:
        odd = self.chance.choice(["0", "1", "1000", "1000.5"])
        whole = str(self.chance.randint(0, 3000))
        return self.chance.choice([whole, self.decimal(300, 3), odd])

    def tiers(self, *, stairs: bool) -> list[dict[str, Any]]:
        found = []
        bounds = sorted(self.chance.sample(range(1, 2000), self.chance.randint(1, 3)))
        for bound in [*map(str, bounds), None]:
            tier = {"upTo": bound}
            if not stairs:
                tier["unitPrice"] = self.price()
            if stairs or self.one_in(2):
                tier["flatFee"] = self.money(3000)
            found.append(tier)
        return found

    def model(self, *, summed: bool) -> dict[str, Any]:
        name = self.chance.choice(MODELS if summed else [m for m in MODELS if m != "PERCENTAGE"])
        match name:
            case "PER_UNIT":
                own: dict[str, Any] = {"unitPrice": self.price()}
            case "PACKAGE":
                size = self.chance.choice(["1", "10", "1000", "33.5"])
                own = {"packageSize": size, "packagePrice": self.price()}
            case "PERCENTAGE":
                own = {"rate": self.decimal(20, 2), "fixedFee": self.price()}
            case _:
                own = {"tiers": self.tiers(stairs=name == "STAIRCASE")}
        return {"model": name, **own}

    def charges(self, metric: str) -> list[dict[str, Any]]:
        """Return a meter's charges: one, or one for a region and perhaps one for the rest."""
        parts: tuple[tuple[str | None, ...], ...] = (("eu",), ("eu", None), ("eu", "us"))
        found = []
        for region in self.chance.choice([(None,), (None,), (None,), *parts]):
            charge = {"metricType": metric, **self.model(summed=metric in SUMMED)}
            if region:
                charge["filter"] = {"region": region}
            if self.one_in(3):
                charge["includedQuantity"] = self.chance.choice(["1", "10", "100", "500.5"])
            lowest = self.chance.randint(1, 6000) if self.one_in(3) else 0
            if lowest:
                charge["minimumAmount"] = shown(lowest, self.currency)
            if self.one_in(3):
                highest = lowest + self.chance.randint(0, 9000)
                charge["maximumAmount"] = shown(highest, self.currency)
            found.append(charge)
        return found

    def plan(self, interval: str) -> dict[str, Any]:
        metrics = self.chance.sample([*SUMMED, *OTHERS], self.chance.randint(0, 2))
        body: dict[str, Any] = {
            "name": "Pro",
            "currency": self.currency,
            "interval": interval,
            "price": self.money(12000),
            "payInAdvance": self.one_in(2),
            "charges": [one for metric in metrics for one in self.charges(metric)],
        }
        if self.one_in(5):
            body["minimumCommitment"] = self.money(15000)
        return body

    def event(self, metrics: Sequence[str]) -> dict[str, Any]:
        """Return one event; `back` is how long ago it happened, in parts of an interval."""
        metric = self.chance.choice(metrics)
        back = self.chance.choice([0, 0, 0.1, 0.3])
        event: dict[str, Any] = {"metric": metric, "back": back, "quantity": self.quantity()}
        if metric == "ACTIVE_USERS":
            event |= {"quantity": "1", "user": self.chance.choice(["ann", "bob", "cem", "dee"])}
        if metric in SUMMED and self.one_in(8):
            event |= {"quantity": f"-{event['quantity']}", "correction": True}
        if self.one_in(2):
            event["region"] = self.chance.choice(REGIONS)
        return event

    def wish(self, metrics: Sequence[str]) -> Wish:
        kind = self.chance.choice(self.kinds)
        count = self.chance.randint(1, 4) if kind in {"usage", "late"} else 0
        return Wish(
            kind=kind,
            wait=self.chance.choice([0.001, self.chance.random() * 0.7]),
            edge=self.chance.choice(EDGES) if self.one_in(4) else None,
            number=self.chance.randint(1, 6000),
            days=self.chance.choice([None, self.chance.randint(1, 4)]),
            events=tuple(self.event(metrics) for _ in range(count)),
        )

    def life(self, kept: Container[int]) -> Life:
        near = self.chance.choice(NEAR)
        first = self.chance.choice(near)
        others = self.chance.choices([first, first, first, *near], k=2)
        plans = tuple(self.plan(interval) for interval in [first, *others])
        used = sorted({one["metricType"] for plan in plans for one in plan["charges"]})
        wishes = [self.wish(used or ["API_CALLS"]) for _ in range(MOST_WISHES)]
        return Life(
            currency=self.currency,
            zone=self.chance.choice(ZONES),
            start=self.chance.choice(STARTS) + timedelta(seconds=self.chance.choice(MOVED)),
            ahead=self.chance.choice([0, 0, 0, 3]),
            trial_days=self.chance.choice([None, None, None, None, 5]),
            plans=plans,
            wishes=tuple(wish for place, wish in enumerate(wishes) if place in kept),
        )


def lives(kinds: Sequence[str]) -> st.SearchStrategy[Life]:
    places = st.integers(0, MOST_WISHES - 1)
    kept = st.sampled_from([1, 6, 12]).flatmap(lambda n: st.frozensets(places, min_size=n))
    numbers = st.integers(0, 2**64 - 1)
    return st.builds(lambda number, kept: Maker(number, kinds).life(kept), numbers, kept)
