"""Amounts as Stripe writes them, which is not always ISO 4217's way, and the least that it takes.

Stripe has no decimals for MGA where ISO has two, and two for ISK and UGX where ISO has none; of
currencies with three decimals it takes no odd last digit.
"""

from __future__ import annotations

from typing import Final

from billing.kernel.money import MINOR_DIGITS, Money

_ZERO: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_TWO: Final = "ISK UGX"  # written with two decimals for old times' sake, both always zero
STRIPE_DIGITS: Final = {**dict.fromkeys(_ZERO.split(), 0), **dict.fromkeys(_TWO.split(), 2)}
TEN_STEPS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})

LEAST: Final = {
    **dict.fromkeys(["AUD", "BRL", "CAD", "CHF", "EUR", "INR", "NZD", "SGD", "USD"], 50),
    "AED": 200,
    "BGN": 100,
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "THB": 1000,
}
"""The least charge in our minor units. Of a currency that is not here Stripe itself says no."""

MOST_DIGITS: Final = 8
"""Stripe takes at most eight digits."""


def to_stripe(money: Money) -> int:
    """Return the amount as Stripe writes it. Raises ValueError where it has no way to.

    >>> to_stripe(Money(1250, "USD")), to_stripe(Money(500, "JPY")), to_stripe(Money(100, "ISK"))
    (1250, 500, 10000)
    """
    ours, theirs = MINOR_DIGITS[money.currency], _digits(money.currency)
    if theirs >= ours:
        more: int = 10 ** (theirs - ours)
        return money.minor * more
    step: int = 10 ** (ours - theirs)
    if money.minor % step:
        raise ValueError(f"Stripe has no {money.amount} {money.currency}")
    return money.minor // step


def from_stripe(amount: int, currency: str) -> Money:
    """Read an amount of Stripe's. Its currencies are in lower case.

    >>> from_stripe(10000, "isk"), from_stripe(5, "mga").amount
    (Money(minor=100, currency='ISK'), '5.00')
    """
    code = currency.upper()
    ours, theirs = MINOR_DIGITS[code], _digits(code)
    if theirs > ours:
        return Money(amount // 10 ** (theirs - ours), code)
    return Money(amount * 10 ** (ours - theirs), code)


def chargeable(money: Money) -> Money:
    """Return the most of an amount that Stripe can take at once: zero, where it is too little.

    >>> [chargeable(Money(minor, "KWD")).minor for minor in (1239, 4)]
    [1230, 0]
    >>> chargeable(Money(49, "USD")).minor, chargeable(Money(50, "USD")).minor
    (0, 50)
    """
    step = step_of(money.currency)
    most = (10**MOST_DIGITS - 1) * _unit(money.currency)
    minor = min(money.minor, most) // step * step
    return Money(minor if minor >= max(LEAST.get(money.currency, 1), 1) else 0, money.currency)


def _digits(currency: str) -> int:
    return STRIPE_DIGITS.get(currency, MINOR_DIGITS[currency])


def _unit(currency: str) -> int:
    """How many of our minor units Stripe's smallest is, at least one."""
    unit: int = 10 ** max(MINOR_DIGITS[currency] - _digits(currency), 0)
    return unit


def step_of(currency: str) -> int:
    """Return the smallest amount, in our minor units, that Stripe can take of a currency.

    >>> step_of("KWD"), step_of("USD"), step_of("MGA")
    (10, 1, 100)
    """
    return 10 if currency in TEN_STEPS else _unit(currency)
