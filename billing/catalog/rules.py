"""What prices a plan may have. Each rule names the field that breaks it, as the API spells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from billing.catalog.drafts import ChargeDraft, LimitDraft, VersionDraft
from billing.catalog.filters import filter_problems, identity
from billing.kernel.money import parse_amount
from billing.pricing import Problem, validate_terms

MAX_CHARGES: Final = 100
MAX_TIERS: Final = 100
MAX_LIMITS: Final = 200
LARGEST_LIMIT: Final = 10**15
# Words that stand in a service's place in the paths of surface A, and mean something else there.
TAKEN_NAMES: Final = frozenset({"usage", "ip", "users", "consume"})


def version_problems(draft: VersionDraft) -> Iterator[Problem]:
    """Find all that is wrong with prices, whatever meters there are."""
    yield from _amount_problems("price", draft.price, draft.currency)
    yield from _amount_problems("minimumCommitment", draft.minimum_commitment, draft.currency)
    if len(draft.charges) > MAX_CHARGES:
        yield Problem("charges", f"must hold at most {MAX_CHARGES} charges")
        return
    for index, charge in enumerate(draft.charges):
        for field, message in _charge_problems(charge, draft.currency):
            yield Problem(f"charges[{index}].{field}", message)
    yield from _overlap_problems(draft.charges)


def meter_problems(charges: Sequence[ChargeDraft], active: Mapping[str, bool]) -> Iterator[Problem]:
    """Find charges whose meter is unknown or no longer active; `active` says so of each."""
    for index, charge in enumerate(charges):
        if charge.metric_type not in active:
            yield Problem(f"charges[{index}].metricType", "there is no such meter")
        elif not active[charge.metric_type]:
            yield Problem(f"charges[{index}].metricType", "this meter is not active")


def limit_problems(limits: Sequence[LimitDraft]) -> Iterator[Problem]:
    """Find too many limits, two for one feature of a service, and names that no path can hold."""
    if len(limits) > MAX_LIMITS:
        yield Problem("limits", f"must hold at most {MAX_LIMITS} limits")
        return
    places: dict[tuple[str, str], int] = {}
    for index, limit in enumerate(limits):
        for field, message in _limit_problems(limit):
            yield Problem(f"limits[{index}].{field}", message)
        first = places.setdefault((limit.service_name, limit.feature_key), index)
        if first != index:
            yield Problem(f"limits[{index}].featureKey", f"is limited by limits[{first}] already")


def _limit_problems(limit: LimitDraft) -> Iterator[Problem]:
    if limit.service_name in TAKEN_NAMES:
        words = ", ".join(sorted(TAKEN_NAMES))
        yield Problem("serviceName", f"must be none of {words}: the API's paths use these words")
    for field, name in (("serviceName", limit.service_name), ("featureKey", limit.feature_key)):
        # Slashes part a path, also where they come percent-encoded; dots alone walk along it.
        if "/" in name or name in {".", ".."} or not name.isprintable() or name != name.strip():
            yield Problem(field, "must be printable, without a slash or outer spaces")
    if not -1 <= limit.value <= LARGEST_LIMIT:
        yield Problem("value", f"must be from -1 to {LARGEST_LIMIT}")


def _charge_problems(charge: ChargeDraft, currency: str) -> Iterator[Problem]:
    terms = charge.terms
    if terms.tiers is not None and len(terms.tiers) > MAX_TIERS:
        yield Problem("tiers", f"must hold at most {MAX_TIERS} tiers")
        return
    yield from validate_terms(terms)
    for field, value in (("minimumAmount", terms.minimum), ("maximumAmount", terms.maximum)):
        if value is not None and value >= 0:  # else said by validate_terms
            yield from _amount_problems(field, value, currency)
    yield from filter_problems(charge.filter or {})


def _overlap_problems(charges: Sequence[ChargeDraft]) -> Iterator[Problem]:
    """Of two charges that ask for the same events the later would never get one."""
    places: dict[tuple[str, str], int] = {}
    for index, charge in enumerate(charges):
        if any(filter_problems(charge.filter or {})):
            continue
        asked = identity(charge.filter)
        first = places.setdefault((charge.metric_type, asked), index)
        if first == index:
            continue
        if charge.filter:
            yield Problem(f"charges[{index}].filter", f"is the same as that of charges[{first}]")
        else:
            yield Problem(
                f"charges[{index}].metricType",
                f"has a charge without a filter already: charges[{first}]",
            )


def _amount_problems(field: str, value: Decimal | None, currency: str) -> Iterator[Problem]:
    if value is None:
        return
    if value < 0:
        yield Problem(field, "must not be negative")
        return
    try:
        parse_amount(value, currency)
    except ValueError as error:
        yield Problem(field, f"{error} in {currency}")
