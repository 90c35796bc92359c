"""Random catalogues and random wishes; `resolving.py` makes histories of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


def money(currency: str, most: int) -> st.SearchStrategy[str]:
    """Amounts in major units, often round ones."""
    amounts = st.one_of(st.integers(0, most), st.integers(0, most // 1000).map(lambda n: n * 1000))
    return amounts.map(lambda amount: shown(amount, currency))


def decimals(most: int, places: int) -> st.SearchStrategy[str]:
    def text(number: int) -> str:
        whole, part = divmod(number, 10**places)
        return f"{whole}.{part:0{places}d}"

    return st.integers(0, most * 10**places).map(text)


PRICES = st.one_of(
    decimals(2, 2), decimals(1, 4), st.sampled_from(["0.005", "0.333", "0.0005", "1"])
)
QUANTITIES = st.one_of(
    st.integers(0, 3000).map(str), decimals(300, 3), st.sampled_from(["0", "1", "1000", "1000.5"])
)


@st.composite
def tiers(draw: st.DrawFn, currency: str, *, stairs: bool) -> list[dict[str, Any]]:
    bounds = sorted(draw(st.sets(st.integers(1, 2000), min_size=1, max_size=3)))
    found = []
    for bound in [*map(str, bounds), None]:
        flat = draw(money(currency, 3000))
        if stairs:
            found.append({"upTo": bound, "flatFee": flat})
            continue
        tier = {"upTo": bound, "unitPrice": draw(PRICES)}
        found.append({**tier, "flatFee": flat} if draw(st.booleans()) else tier)
    return found


@st.composite
def model(draw: st.DrawFn, currency: str, *, summed: bool) -> dict[str, Any]:
    names = MODELS if summed else tuple(name for name in MODELS if name != "PERCENTAGE")
    name = draw(st.sampled_from(names))
    match name:
        case "PER_UNIT":
            own: dict[str, Any] = {"unitPrice": draw(PRICES)}
        case "PACKAGE":
            size = draw(st.sampled_from(["1", "10", "1000", "33.5"]))
            own = {"packageSize": size, "packagePrice": draw(PRICES)}
        case "PERCENTAGE":
            own = {"rate": draw(decimals(20, 2)), "fixedFee": draw(PRICES)}
        case _:
            own = {"tiers": draw(tiers(currency, stairs=name == "STAIRCASE"))}
    return {"model": name, **own}


@st.composite
def charges(draw: st.DrawFn, currency: str, metric: str) -> list[dict[str, Any]]:
    """Return the charges of one meter: one, or one for a region and perhaps one for the rest."""
    parts: tuple[tuple[str | None, ...], ...] = (("eu",), ("eu", None), ("eu", "us"))
    found = []
    for region in draw(st.sampled_from([(None,), (None,), (None,), *parts])):
        charge = {"metricType": metric, **draw(model(currency, summed=metric in SUMMED))}
        if region:
            charge["filter"] = {"region": region}
        if draw(st.integers(0, 2)) == 0:
            charge["includedQuantity"] = draw(st.sampled_from(["1", "10", "100", "500.5"]))
        lowest = draw(st.one_of(st.none(), st.none(), st.integers(1, 6000)))
        above = draw(st.one_of(st.none(), st.none(), st.integers(0, 9000)))
        if lowest is not None:
            charge["minimumAmount"] = shown(lowest, currency)
        if above is not None:
            charge["maximumAmount"] = shown((lowest or 0) + above, currency)
        found.append(charge)
    return found


@st.composite
def plans(draw: st.DrawFn, currency: str, interval: str) -> dict[str, Any]:
    metrics = draw(st.lists(st.sampled_from([*SUMMED, *OTHERS]), unique=True, max_size=2))
    body: dict[str, Any] = {
        "name": "Pro",
        "currency": currency,
        "interval": interval,
        "price": draw(money(currency, 12000)),
        "payInAdvance": draw(st.booleans()),
        "charges": [one for metric in metrics for one in draw(charges(currency, metric))],
    }
    if draw(st.integers(0, 4)) == 0:
        body["minimumCommitment"] = draw(money(currency, 15000))
    return body


@st.composite
def events(draw: st.DrawFn, metrics: list[str]) -> dict[str, Any]:
    """One event; `back` is how long ago it happened, in parts of an interval."""
    metric = draw(st.sampled_from(metrics))
    event: dict[str, Any] = {"metric": metric, "back": draw(st.sampled_from([0, 0, 0.1, 0.3]))}
    event["quantity"] = "1" if metric == "ACTIVE_USERS" else draw(QUANTITIES)
    if metric == "ACTIVE_USERS":
        event["user"] = draw(st.sampled_from(["ann", "bob", "cem", "dee"]))
    if metric in SUMMED and draw(st.integers(0, 7)) == 0:
        event["correction"] = True
        event["quantity"] = f"-{event['quantity']}" if float(event["quantity"]) else "0"
    region = draw(st.sampled_from([None, *REGIONS]))
    if region:
        event["region"] = region
    return event


@st.composite
def wishes(draw: st.DrawFn, kinds: list[str], metrics: list[str]) -> Wish:
    kind = draw(st.sampled_from(kinds))
    happened: tuple[dict[str, Any], ...] = ()
    if kind in {"usage", "late"}:
        happened = tuple(draw(st.lists(events(metrics), min_size=1, max_size=4)))
    return Wish(
        kind=kind,
        wait=draw(st.one_of(st.floats(0, 0.5), st.sampled_from([0.001, 0.01, 0.25]))),
        edge=draw(st.one_of(st.none(), st.none(), st.none(), st.sampled_from(EDGES))),
        number=draw(st.integers(1, 6000)),
        days=draw(st.one_of(st.none(), st.integers(1, 4))),
        events=happened,
    )


@st.composite
def lives(draw: st.DrawFn, kinds: list[str]) -> Life:
    currency = draw(st.sampled_from(["USD", "USD", "JPY", "KWD"]))
    near = draw(st.sampled_from(NEAR))
    first = draw(st.sampled_from(near))
    others = draw(st.lists(st.sampled_from([first, first, first, *near]), max_size=2))
    catalogue = tuple(draw(plans(currency, interval)) for interval in [first, *others])
    used = sorted({one["metricType"] for plan in catalogue for one in plan["charges"]})
    moved = timedelta(seconds=draw(st.sampled_from([0, 0, 1, 40_000, 1_000_001])))
    return Life(
        currency=currency,
        zone=draw(st.sampled_from(ZONES)),
        start=draw(st.sampled_from(STARTS)) + moved,
        ahead=draw(st.sampled_from([0, 0, 0, 3])),
        trial_days=draw(st.sampled_from([None, None, None, None, 5])),
        plans=catalogue,
        wishes=tuple(draw(st.lists(wishes(kinds, used or ["API_CALLS"]), max_size=14))),
    )
