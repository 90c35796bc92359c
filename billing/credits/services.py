"""Granting credit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.accounts.models import Account
from billing.credits import ledger
from billing.credits.errors import CreditOutOfBounds
from billing.credits.models import CreditGrant
from billing.kernel.errors import invalid
from billing.kernel.money import LARGEST_GIVEN, MAX_MINOR, AmountTooLarge, Money, parse_amount
from billing.kernel.services import service


def given_amount(value: object, currency: str, *, field: str = "amount") -> Money:
    """Read an amount of a request: above zero, with exactly the currency's decimals.

    Of a JSON number, which loses its zeros on the way, at most so many. Raises InvalidRequest.
    """
    try:
        money = parse_amount(value, currency, exact_decimals=isinstance(value, str))
    except AmountTooLarge:
        raise invalid(field, "is more than any amount that we can store") from None
    except ValueError as error:
        raise invalid(field, str(error)) from None
    if money.minor <= 0:
        raise invalid(field, "must be above zero")
    if money.major > LARGEST_GIVEN:
        raise invalid(field, f"must be at most {LARGEST_GIVEN}")
    return money


@service
def grant_credit(
    *,
    account_id: UUID,
    amount: object,
    reason: str = "",
    expires_at: datetime | None = None,
    now: datetime,
) -> CreditGrant:
    """Grant credit to an account, to be spent until `expires_at`; None: for ever.

    Raises TenantNotFound, InvalidRequest, CreditOutOfBounds.
    """
    account = Account.objects.lock(account_id)
    money = given_amount(amount, account.currency)
    if expires_at is not None and expires_at <= now:
        raise invalid("expiresAt", "must be in the future")
    if ledger.balance_of(account.id) + money.minor > MAX_MINOR:
        raise CreditOutOfBounds
    made = ledger.grant(
        account, amount_minor=money.minor, reason=reason, expires_at=expires_at, now=now
    )
    audit.record(
        action="credit.granted",
        account_id=account.id,
        subject=made.id,
        after={"amount": money.minor, "reason": reason, "expiresAt": str(expires_at or "")},
        now=now,
    )
    return made
