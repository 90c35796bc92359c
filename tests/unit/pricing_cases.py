"""The tiers of the worked examples, and strategies for terms that could be anyone's."""

from decimal import Decimal

from hypothesis import strategies as st

from billing.pricing import ChargeModel, ChargeTerms, Tier, Usage

D = Decimal

TIERS_T = (
    Tier(up_to=D(1000), unit_price=D("0.02")),
    Tier(up_to=D(5000), unit_price=D("0.015"), flat_fee=D("3.00")),
    Tier(up_to=None, unit_price=D("0.01")),
)
STAIRS = (
    Tier(up_to=D(100), flat_fee=D(10)),
    Tier(up_to=D(1000), flat_fee=D(50)),
    Tier(up_to=None, flat_fee=D(200)),
)


def per_unit_terms(unit_price: str, **more: object) -> ChargeTerms:
    return ChargeTerms(model=ChargeModel.PER_UNIT, unit_price=D(unit_price), **more)  # type: ignore[arg-type]


def tiered_terms(
    model: ChargeModel, tiers: tuple[Tier, ...] = TIERS_T, **more: object
) -> ChargeTerms:
    return ChargeTerms(model=model, tiers=tiers, **more)  # type: ignore[arg-type]


def of(quantity: object, events: int = 1) -> Usage:
    return Usage(quantity=D(str(quantity)), events=events)


def decimals(most: int = 10**6, places: int = 6) -> st.SearchStrategy[Decimal]:
    """Not negative, up to `most`, with up to `places` decimals."""
    return st.builds(
        lambda whole, cut: D(whole).scaleb(-cut), st.integers(0, most), st.integers(0, places)
    )


quantities = decimals(10**9)
prices = decimals(10**6, 12)


@st.composite
def tier_lists(draw: st.DrawFn, *, stairs: bool = False) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(decimals(10**6).filter(bool), max_size=5)))
    return tuple(
        Tier(
            up_to=end,
            unit_price=None if stairs else draw(prices),
            flat_fee=draw(prices) if stairs else draw(st.none() | prices),
        )
        for end in [*ends, None]
    )


OWN_FIELDS: dict[ChargeModel, st.SearchStrategy[dict[str, object]]] = {
    ChargeModel.PER_UNIT: st.fixed_dictionaries({"unit_price": prices}),
    ChargeModel.PACKAGE: st.fixed_dictionaries(
        {"package_size": decimals().filter(bool), "package_price": prices}
    ),
    ChargeModel.GRADUATED: st.fixed_dictionaries({"tiers": tier_lists()}),
    ChargeModel.VOLUME: st.fixed_dictionaries({"tiers": tier_lists()}),
    ChargeModel.PERCENTAGE: st.fixed_dictionaries({"rate": prices, "fixed_fee": prices}),
    ChargeModel.STAIRCASE: st.fixed_dictionaries({"tiers": tier_lists(stairs=True)}),
}


@st.composite
def any_terms(draw: st.DrawFn, models: tuple[ChargeModel, ...] = tuple(ChargeModel)) -> ChargeTerms:
    model = draw(st.sampled_from(models))
    included = draw(st.none() | quantities)
    return ChargeTerms(model=model, included_quantity=included, **draw(OWN_FIELDS[model]))  # type: ignore[arg-type]
