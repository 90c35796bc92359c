"""Owed amounts: whole minor units of one currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Final, Self

from billing.kernel.currencies import MINOR_DIGITS
from billing.kernel.decimals import InvalidDecimal, parse_decimal

__all__ = [
    "LARGEST_GIVEN",
    "MAX_MINOR",
    "MINOR_DIGITS",
    "AmountTooLarge",
    "CurrencyMismatch",
    "Money",
    "MoneyError",
    "UnknownCurrency",
    "parse_amount",
]

# Far inside a BIGINT, so that no sum of stored amounts wraps; a bill beyond it is a mistake.
MAX_MINOR: Final = 10**15


class MoneyError(ValueError):
    """An amount that cannot be. The subclasses say why."""


class AmountTooLarge(MoneyError):
    """An amount beyond MAX_MINOR minor units."""


class CurrencyMismatch(MoneyError):
    """Two amounts of different currencies met in one sum or comparison."""


class UnknownCurrency(MoneyError):
    """A code that is no ISO 4217 currency in use."""


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units (cents, yen, fils) of one currency; may be negative.

    Raises AmountTooLarge beyond MAX_MINOR, also for the result of a sum, UnknownCurrency for an
    unknown code, TypeError where `minor` is no plain int.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("Money takes a whole number of minor units as an int")
        minor_digits(self.currency)
        if abs(self.minor) > MAX_MINOR:
            raise AmountTooLarge(f"Amounts hold at most {MAX_MINOR} minor units")

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @classmethod
    def rounded(cls, amount: Decimal | Fraction, currency: str) -> Self:
        """Round a computed amount of major units, half away from zero. Once, at the end of a sum.

        >>> [Money.rounded(Decimal(x), "USD").amount for x in ("0.005", "-0.005", "0.0049")]
        ['0.01', '-0.01', '0.00']
        """
        if not isinstance(amount, Decimal | Fraction):
            raise TypeError("Money is rounded from a Decimal or a Fraction only")
        # Before an enormous exponent becomes an enormous integer.
        if isinstance(amount, Decimal) and amount.is_finite() and amount.adjusted() > 30:
            raise AmountTooLarge(f"Amounts hold at most {MAX_MINOR} minor units")
        numerator, denominator = amount.as_integer_ratio()
        scaled = abs(numerator) * 10 ** minor_digits(currency)
        # In integers: floor(x + 1/2) of the absolute value is "half away from zero".
        minor = (2 * scaled + denominator) // (2 * denominator)
        return cls(minor if numerator >= 0 else -minor, currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> Self:
        """Sum up amounts that must all be of `currency`; none make zero."""
        minor = 0
        for amount in amounts:
            if amount.currency != currency:
                raise CurrencyMismatch(f"{amount.currency} does not add up with {currency}")
            minor += amount.minor
        return cls(minor, currency)

    @property
    def major(self) -> Decimal:
        """The exact value in major units, with exactly the currency's decimals."""
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((int(self.minor < 0), digits, -MINOR_DIGITS[self.currency]))

    @property
    def amount(self) -> str:
        """The decimal string of the API, with exactly the currency's decimals. Not to compute on.

        >>> Money(-5, "USD").amount, Money(1250, "JPY").amount, Money(1, "KWD").amount
        ('-0.05', '1250', '0.001')
        """
        return format(self.major, "f")

    def split(self, weights: Sequence[int | Decimal | Fraction]) -> list[Self]:
        """Share out by weight; the shares always add up to the whole.

        The minor units that do not divide evenly go to the largest remainders, of equal ones to
        the earlier. A negative amount is shared as its positive one is, with the sign put back.
        A weight may be negative (a correction among its sums), their sum must be above zero:
        ValueError otherwise.

        >>> [share.amount for share in Money(1000, "USD").split([1, 1, 1])]
        ['3.34', '3.33', '3.33']
        """
        whole_weights = _as_integers(weights)
        total = sum(whole_weights)
        if total <= 0:
            raise ValueError("Nothing to split by: the weights add up to zero or less")
        size = abs(self.minor)
        shares = [size * weight // total for weight in whole_weights]
        remainders = [size * weight % total for weight in whole_weights]
        largest_first = sorted(range(len(shares)), key=lambda i: -remainders[i])
        for i in largest_first[: size - sum(shares)]:
            shares[i] += 1
        sign = -1 if self.minor < 0 else 1
        return [type(self)(sign * share, self.currency) for share in shares]

    def __add__(self, other: "Money") -> Self:
        return type(self)(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> Self:
        return type(self)(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{other.currency} does not go with {self.currency}")
        return other.minor


LARGEST_GIVEN: Final = 10**12
"""Whole units of a currency: to grant, pay or take off more at once is a mistake."""


def minor_digits(currency: str) -> int:
    """Return the number of decimals of a currency; UnknownCurrency where there is none such."""
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise UnknownCurrency("must be an ISO 4217 currency code in upper case")
    return digits


def parse_amount(value: object, currency: str, *, exact_decimals: bool = False) -> Money:
    """Read an amount of the contract: at most the currency's decimals, or exactly so many.

    The sign is the caller's to judge. Raises InvalidDecimal, UnknownCurrency or AmountTooLarge,
    all of them ValueErrors.

    >>> parse_amount("12.5", "USD").amount
    '12.50'
    """
    digits = minor_digits(currency)
    number = parse_decimal(value, max_decimals=digits)
    if exact_decimals and -int(number.as_tuple().exponent) != digits:
        raise InvalidDecimal(f"must have exactly {digits} decimals")
    return Money.rounded(number, currency)  # nothing to round: the decimals were counted


def _as_integers(weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    """Bring weights to one denominator: shares only depend on their proportion."""
    ratios = [weight.as_integer_ratio() for weight in weights]
    scale = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (scale // denominator) for numerator, denominator in ratios]
