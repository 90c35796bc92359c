"""Which credits pay for an invoice."""

from collections.abc import Sequence
from datetime import UTC, datetime

from billing.kernel.money import Money
from invoicing.calculation.values import CreditInput, CreditUse

_NEVER = datetime.max.replace(tzinfo=UTC)


def use_credits(*, due: Money, grants: Sequence[CreditInput]) -> list[CreditUse]:
    """Pay what is due from grants, the soonest to expire first, those without an end last.

    Grants that expire together are used in the given order. Expired ones are not to be given.
    """
    uses = []
    for one in sorted(grants, key=lambda grant: grant.expires_at or _NEVER):
        amount = min(one.remaining, due)
        if amount:
            uses.append(CreditUse(grant=one.grant, amount=amount))
            due -= amount
    return uses
