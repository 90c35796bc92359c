"""The arithmetic of a credit note: how much of each line and of each rate's tax is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.kernel.money import Money


class TooMuch(ValueError):
    """More is asked for than what is left of a line, or of the whole. `index` names the line."""

    def __init__(self, left: Money, index: int | None = None) -> None:
        self.left, self.index = left, index
        super().__init__(f"Only {left.amount} {left.currency} is left")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLeft:
    """What is left of a line: its amount, and its share of the discounts, both of its sign.

    `percent` is the tax rate that it falls under; None: not taxed.
    """

    amount: Money
    discount: Money
    percent: Decimal | None = None

    @property
    def net(self) -> Money:
        return self.amount - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What is taken back: amount and discount of each line, tax and its base of each rate.

    In the order of what was given; zeros where nothing is.
    """

    lines: tuple[tuple[Money, Money], ...]
    taxes: tuple[tuple[Money, Money], ...]
    currency: str

    @property
    def subtotal(self) -> Money:
        return Money.total((amount for amount, _ in self.lines), self.currency)

    @property
    def discount_total(self) -> Money:
        return Money.total((discount for _, discount in self.lines), self.currency)

    @property
    def tax_total(self) -> Money:
        return Money.total((tax for tax, _ in self.taxes), self.currency)

    @property
    def total(self) -> Money:
        return self.subtotal - self.discount_total + self.tax_total


def credit_total(
    total: Money, *, lines: Sequence[LineLeft], taxes: Sequence[tuple[Decimal, Money]]
) -> Credited:
    """Take back a sum that includes tax, of all that is left alike.

    It is split by largest remainder three times: over the rates by what is left under them with
    its tax, then between sum and tax, then over the lines. So the parts add up to the sum, and
    taking back all that is left takes back each line exactly. Raises TooMuch.
    """
    groups = _groups(lines, taxes)
    left = Money.total((group.gross for group in groups), total.currency)
    if total > left:
        raise TooMuch(left)
    zero = Money.zero(total.currency)
    shares = dict.fromkeys(range(len(lines)), (zero, zero))
    tax_parts = []
    for group, gross in zip(groups, _spread(total, [g.gross for g in groups]), strict=True):
        net, tax = _spread(gross, [group.net, group.tax])
        for index, part in zip(group.members, _spread(net, group.nets), strict=True):
            line = lines[index]
            amount, discount = _spread(part, [line.amount, -line.discount])
            shares[index] = (amount, -discount)
        tax_parts.append((tax, net))
    return Credited(
        lines=tuple(shares[index] for index in range(len(lines))),
        taxes=tuple(tax_parts[: len(taxes)]),
        currency=total.currency,
    )


def credit_lines(
    chosen: Mapping[int, Money | None],
    *,
    lines: Sequence[LineLeft],
    taxes: Sequence[tuple[Decimal, Money]],
    currency: str,
) -> Credited:
    """Take back of the chosen lines an amount before discount and tax; None: all that is left.

    Each with its share of the discount, rounded; and of each rate the tax on the sum, rounded
    once, or the rest of it with the rest of the sum. Raises TooMuch.
    """
    zero = Money.zero(currency)
    shares = [(zero, zero)] * len(lines)
    for index, amount in chosen.items():
        line = lines[index]
        wanted = line.amount if amount is None else amount
        if wanted > line.amount:
            raise TooMuch(line.amount, index)
        shares[index] = (wanted, _part_of(line.discount, wanted, line.amount))
    parts = []
    for group in _groups(lines, taxes)[: len(taxes)]:
        base = Money.total((shares[i][0] - shares[i][1] for i in group.members), currency)
        parts.append((_tax_on(base, group), base))
    credited = Credited(lines=tuple(shares), taxes=tuple(parts), currency=currency)
    left = Money.total((group.gross for group in _groups(lines, taxes)), currency)
    if credited.total > left:
        raise TooMuch(left)
    return credited


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The lines under one rate, and what is left of their sum and of its tax."""

    percent: Decimal | None
    members: list[int]
    nets: list[Money]
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        return self.net + self.tax


def _groups(lines: Sequence[LineLeft], taxes: Sequence[tuple[Decimal, Money]]) -> list[_Group]:
    """Sort the lines by rate: a group for each of `taxes`, then one of what is not taxed."""
    if not lines:
        return []
    zero = Money.zero(lines[0].amount.currency)
    rates = [percent for percent, _ in taxes]
    found: list[_Group] = []
    for place, (percent, tax) in enumerate((*taxes, (None, zero))):
        is_second = percent in rates[:place]  # two taxes of one rate: the first has the lines
        members = [
            index
            for index, line in enumerate(lines)
            if not is_second
            and (line.percent == percent if percent is not None else line.percent not in rates)
        ]
        nets = [lines[index].net for index in members]
        net = Money.total(nets, zero.currency)
        found.append(_Group(percent=percent, members=members, nets=nets, net=net, tax=tax))
    return found


def _spread(amount: Money, weights: Sequence[Money]) -> list[Money]:
    """Split by weights that may be negative, as may their sum; nothing over nothing is nothing."""
    whole = sum(weight.minor for weight in weights)
    if whole == 0:
        assert not amount, "nothing weighs, so nothing is to be split"
        return [Money.zero(amount.currency)] * len(weights)
    if whole < 0:
        return [-part for part in (-amount).split([-weight.minor for weight in weights])]
    return amount.split([weight.minor for weight in weights])


def _part_of(discount: Money, wanted: Money, amount: Money) -> Money:
    if wanted == amount or not amount:
        return discount
    return Money.rounded(
        Fraction(discount.major) * Fraction(wanted.minor, amount.minor), discount.currency
    )


def _tax_on(base: Money, group: _Group) -> Money:
    """Tax what is taken back; never more than what is left of the tax, and all of it at the end."""
    if base == group.net:
        return group.tax
    assert group.percent is not None
    tax = Money.rounded(Fraction(base.major) * Fraction(group.percent) / 100, base.currency)
    zero = Money.zero(base.currency)
    return max(min(tax, group.tax), zero)
