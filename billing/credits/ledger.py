"""What becomes of credit: granted, spent the soonest to expire first, given back, taken back.

Every function that writes takes the locked account, so credit is never spent twice. Minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.accounts import audit
from billing.accounts.models import LockedAccount
from billing.credits.errors import CreditAlreadyUsed
from billing.credits.models import CreditEntry, CreditGrant
from billing.kernel.reads import AnyOf, Given, Read

Kind = CreditEntry.Kind


def spendable(account_id: UUID, *, now: datetime) -> list[CreditGrant]:
    """Return what can be spent at `now`, the soonest to expire first, then the oldest."""
    return SPENDABLE(now, [account_id])


def _spendable() -> QuerySet[CreditGrant]:
    lasts = Q(expires_at__isnull=True) | Q(expires_at__gt=Given(0, "timestamptz"))
    grants = CreditGrant.objects.filter(
        lasts, AnyOf("account_id", 1, "uuid"), remaining_minor__gt=0
    )
    return grants.order_by(F("expires_at").asc(nulls_last=True), "created_at", "id")


SPENDABLE: Final[Read[CreditGrant]] = Read(_spendable)


def spendable_of(account_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, list[CreditGrant]]:
    """Return the same of several accounts: one query. None for one that has nothing to spend."""
    found: dict[UUID, list[CreditGrant]] = {}
    for grant in SPENDABLE(now, list(account_ids)):
        found.setdefault(grant.account_id, []).append(grant)
    return found


def remaining_of_account() -> Coalesce:
    """Return, for a query whose rows have an `account_id`, what that account may still spend."""
    sums = (
        CreditGrant.objects.filter(account_id=OuterRef("account_id"))
        .values("account_id")
        .annotate(sum=Sum("remaining_minor"))
        .values("sum")
    )
    return Coalesce(Subquery(sums), 0)


def balance_of(account_id: UUID) -> int:
    """Return the sum of the ledger."""
    total = CreditEntry.objects.filter(account_id=account_id).aggregate(sum=Sum("amount_minor"))
    return int(total["sum"] or 0)


def grant(
    account: LockedAccount,
    *,
    amount_minor: int,
    reason: str,
    invoice_id: UUID | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> CreditGrant:
    """Grant credit; `invoice_id` names the invoice that it comes from."""
    made = CreditGrant.objects.create(
        account=account,
        amount_minor=amount_minor,
        remaining_minor=amount_minor,
        reason=reason,
        invoice_id=invoice_id,
        expires_at=expires_at,
        created_at=now,
    )
    _write(made, Kind.GRANT, amount_minor, invoice_id=invoice_id, now=now)
    return made


def spend(
    account: LockedAccount, uses: Sequence[tuple[UUID, int]], *, invoice_id: UUID, now: datetime
) -> None:
    """Take the amounts from the grants for an invoice."""
    for grant_id, amount in uses:
        found = CreditGrant.objects.get(pk=grant_id, account=account)
        found.remaining_minor -= amount
        found.save(update_fields=["remaining_minor"])
        _write(found, Kind.USE, -amount, invoice_id=invoice_id, now=now)


def expire(account: LockedAccount, found: CreditGrant, *, now: datetime) -> None:
    """Let what is left of a grant end with its time."""
    left = found.remaining_minor
    found.remaining_minor = 0
    found.save(update_fields=["remaining_minor"])
    _write(found, Kind.EXPIRY, -left, invoice_id=None, now=now)
    audit.record(
        action="credit.expired",
        account_id=account.id,
        subject=found.id,
        after={"amount": left},
        now=now,
    )


def give_back(account: LockedAccount, *, invoice_id: UUID, now: datetime) -> None:
    """Return what an invoice spent to the grants that it came from, once.

    A grant that has expired meanwhile takes it back and expires anew with the next step of the
    run: as if the invoice had never been.
    """
    uses = CreditEntry.objects.filter(account=account, invoice_id=invoice_id, kind=Kind.USE)
    for use in uses.select_related("grant"):
        use.grant.remaining_minor -= use.amount_minor
        use.grant.save(update_fields=["remaining_minor"])
        _write(use.grant, Kind.RETURN, -use.amount_minor, invoice_id=invoice_id, now=now)


def take_back(account: LockedAccount, *, invoice_id: UUID, now: datetime) -> None:
    """Revoke the grant that an invoice made. Raises CreditAlreadyUsed where some was spent."""
    for found in CreditGrant.objects.filter(account=account, invoice_id=invoice_id):
        left = found.remaining_minor
        if left < found.amount_minor:
            raise CreditAlreadyUsed
        if left:
            found.remaining_minor = 0
            found.save(update_fields=["remaining_minor"])
            _write(found, Kind.REVOKE, -left, invoice_id=invoice_id, now=now)


def pay_out(account: LockedAccount, grant_id: UUID, *, most_minor: int, now: datetime) -> int:
    """End credit that was paid out in money, as far as it is there; return how much that was."""
    found = CreditGrant.objects.get(pk=grant_id, account=account)
    amount = min(found.remaining_minor, most_minor)
    if amount <= 0:
        return 0
    found.remaining_minor -= amount
    found.save(update_fields=["remaining_minor"])
    _write(found, Kind.REVOKE, -amount, invoice_id=found.invoice_id, now=now)
    return amount


def _write(
    of: CreditGrant, kind: CreditEntry.Kind, amount: int, *, invoice_id: UUID | None, now: datetime
) -> None:
    CreditEntry.objects.create(
        account_id=of.account_id,
        grant=of,
        kind=kind,
        amount_minor=amount,
        invoice_id=invoice_id,
        at=now,
    )
