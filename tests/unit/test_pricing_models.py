"""What must hold for every charge model, whatever its terms."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.decimals import exact
from billing.pricing import ChargeModel, ChargeTerms, Usage, chargeable, price
from tests.unit.pricing_cases import any_terms, quantities

usages = st.builds(Usage, quantity=quantities, events=st.integers(0, 1000))
corrected = st.builds(
    Usage, quantity=quantities | quantities.map(lambda q: -q), events=st.integers(0, 1000)
)
NEVER_CHEAPER = tuple(
    model for model in ChargeModel if model not in {ChargeModel.VOLUME, ChargeModel.STAIRCASE}
)


def slow_price(terms: ChargeTerms, usage: Usage) -> Fraction:
    """Say the contract's table again, in fractions, by other means than the modules."""
    q = Fraction(usage.quantity)
    if terms.included_quantity is not None:
        q -= Fraction(terms.included_quantity)
    signed = terms.model in ("PER_UNIT", "PERCENTAGE") and not terms.included_quantity
    if q < 0 and not signed:
        q = Fraction(0)
    match terms.model:
        case ChargeModel.PER_UNIT:
            return q * Fraction(terms.unit_price or 0)
        case ChargeModel.PERCENTAGE:
            share = q * Fraction(terms.rate or 0) / 100
            return share + usage.events * Fraction(terms.fixed_fee or 0)
        case ChargeModel.PACKAGE:
            return ceil(q / Fraction(terms.package_size or 1)) * Fraction(terms.package_price or 0)
    return slow_tiers(terms, q)


def slow_tiers(terms: ChargeTerms, q: Fraction) -> Fraction:
    tiers = terms.tiers or ()
    fees = [Fraction(tier.flat_fee or 0) for tier in tiers]
    rates = [Fraction(tier.unit_price or 0) for tier in tiers]
    ends = [Fraction(tier.up_to) for tier in tiers if tier.up_to is not None]
    reached = sum(1 for end in ends if q > end)  # the index of the tier that q falls in
    if terms.model is ChargeModel.STAIRCASE:
        return fees[reached]
    if terms.model is ChargeModel.VOLUME:
        return q * rates[reached] + fees[reached]
    # Graduated, from the top down: each end passed is repriced by the step between two rates.
    total = q * rates[reached] + sum(fees[: reached + 1])
    for i in range(reached):
        total += ends[i] * (rates[i] - rates[i + 1])
    return total


@given(any_terms(), corrected)
def test_a_price_agrees_with_the_slow_reference(terms: ChargeTerms, usage: Usage) -> None:
    assert Fraction(price(terms, usage).amount) == slow_price(terms, usage)


@given(any_terms(), corrected)
def test_the_parts_follow_one_another_and_sum_to_the_whole(
    terms: ChargeTerms, usage: Usage
) -> None:
    priced = price(terms, usage)

    with exact():
        assert sum(part.amount for part in priced.parts) == priced.amount
        for part in priced.parts:
            assert part.amount == part.quantity * part.unit_price + part.flat_fee
    starts = [part.from_ for part in priced.parts]
    assert starts == [Decimal(0), *(part.to for part in priced.parts[:-1])]
    assert priced.parts[-1].to == priced.quantity == chargeable(terms, usage)


@given(any_terms(models=(ChargeModel.GRADUATED,)), usages)
def test_graduated_parts_hold_each_unit_once(terms: ChargeTerms, usage: Usage) -> None:
    parts = price(terms, usage).parts

    assert [part.quantity for part in parts] == [part.to - part.from_ for part in parts]
    assert sum(part.quantity for part in parts) == chargeable(terms, usage)


@given(any_terms(models=NEVER_CHEAPER), usages, quantities)
def test_more_usage_never_costs_less(terms: ChargeTerms, usage: Usage, more: Decimal) -> None:
    grown = replace(usage, quantity=usage.quantity + more)

    assert price(terms, grown).amount >= price(terms, usage).amount


@given(any_terms(models=(ChargeModel.STAIRCASE,)), usages, quantities)
def test_a_staircase_rises_where_its_fees_do(
    terms: ChargeTerms, usage: Usage, more: Decimal
) -> None:
    assert terms.tiers is not None
    fees = sorted(tier.fee for tier in terms.tiers)
    rising = tuple(replace(tier, flat_fee=fee) for tier, fee in zip(terms.tiers, fees, strict=True))
    terms = replace(terms, tiers=rising)

    grown = replace(usage, quantity=usage.quantity + more)

    assert price(terms, grown).amount >= price(terms, usage).amount


@given(any_terms(models=(ChargeModel.VOLUME,)), st.data())
def test_within_one_tier_a_volume_price_rises(terms: ChargeTerms, data: st.DataObject) -> None:
    terms = replace(terms, included_quantity=None)
    assert terms.tiers is not None
    ends = [Decimal(0), *(tier.up_to for tier in terms.tiers if tier.up_to is not None)]
    place = data.draw(st.integers(0, len(ends) - 1))
    top = ends[place + 1] - ends[place] if place + 1 < len(ends) else Decimal(10**6)
    steps = data.draw(st.lists(st.integers(1, 100), min_size=2, max_size=2).map(sorted))
    low, high = (Usage(quantity=ends[place] + top * step / 100, events=1) for step in steps)

    assert price(terms, low).amount <= price(terms, high).amount


@given(any_terms(), quantities, st.integers(0, 100))
def test_what_is_included_costs_as_little_as_no_usage(
    terms: ChargeTerms, quantity: Decimal, events: int
) -> None:
    terms = replace(terms, included_quantity=quantity)

    within = price(terms, Usage(quantity=quantity, events=events))

    assert within == price(terms, Usage(quantity=Decimal(0), events=events))
    assert within.quantity == 0


@given(any_terms(), corrected)
def test_only_two_models_without_an_included_quantity_go_below_zero(
    terms: ChargeTerms, usage: Usage
) -> None:
    below = chargeable(terms, usage) < 0

    signed = terms.model in {ChargeModel.PER_UNIT, ChargeModel.PERCENTAGE}
    assert below == (signed and not terms.included_quantity and usage.quantity < 0)


@given(any_terms(), usages)
def test_a_price_is_never_negative_without_corrections(terms: ChargeTerms, usage: Usage) -> None:
    assert price(terms, usage).amount >= 0


@given(any_terms(models=(ChargeModel.PERCENTAGE,)), usages, st.integers(1, 50))
def test_each_event_adds_one_fixed_fee_whatever_is_included(
    terms: ChargeTerms, usage: Usage, more: int
) -> None:
    busier = replace(usage, events=usage.events + more)

    added = Fraction(price(terms, busier).amount) - Fraction(price(terms, usage).amount)

    assert added == more * Fraction(terms.fixed_fee or 0)


def test_quantities_of_full_length_are_priced_without_losing_a_digit() -> None:
    longest = Decimal("999999999999999.999999999999")
    terms = ChargeTerms(model=ChargeModel.PER_UNIT, unit_price=longest)

    amount = price(terms, Usage(quantity=longest, events=1)).amount

    assert Fraction(amount) == Fraction(longest) ** 2
