"""Erasing what names a person, part by part: each a bounded transaction that says where to go on.

What the law asks for stays as it was printed: finalized invoices, their lines, their documents, the
credit ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from billing.accounts import audit
from billing.accounts.erasing import erase_audit, forget_stripe
from billing.kernel.services import service
from billing.metering.erasing import erase_usage
from billing.models import Account, LockedAccount
from billing.subscriptions.forgetting import forget_reasons
from customers.models import (
    Customer,
    CustomerCreation,
    CustomerDeletion,
    DeletionStatus,
    progress_of,
)
from customers.services.deletion import lock_deletion
from tenants.services import strip_tenant

Mark = dict[str, Any]
Piece = Callable[[LockedAccount, Mark, CustomerDeletion, datetime], Mark | None]


@service
def take_step(*, account_id: UUID, now: datetime) -> bool:
    """Do the next part of a deletion's erasing; return whether there may be more.

    The account's lock makes workers take turns, and where to go on is written with what was done.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    deletion = lock_deletion(account)
    if deletion is None or deletion.status != DeletionStatus.ERASING:
        return False
    piece, current, mark = progress_of(deletion)
    if piece == len(PIECES):
        _finish(account, deletion, now=now)
        return False
    place = current or account.id
    each = account if place == account.id else Account.objects.lock(place, even_closed=True)
    following = PIECES[piece](each, mark, deletion, now)
    deletion.progress = _onward(account.id, piece, place, following)
    deletion.attempts, deletion.failure = 0, ""
    deletion.save()
    return True


def _onward(customer_id: UUID, piece: int, place: UUID, mark: Mark | None) -> dict[str, Any]:
    """Return where to go on: in this account, in the customer's next one, or with the next part."""
    if mark is not None:
        return {"piece": piece, "account": str(place), "mark": mark}
    others = Account.objects.filter(customer_id=customer_id).exclude(pk=customer_id)
    if place != customer_id:
        others = others.filter(pk__gt=place)
    following = others.order_by("pk").values_list("pk", flat=True).first()
    if following is not None:
        return {"piece": piece, "account": str(following)}
    return {"piece": piece + 1}


def _in_apps(
    account: LockedAccount, mark: Mark, deletion: CustomerDeletion, now: datetime
) -> Mark | None:
    """Ask the apps above this one, in their order; each does a bounded part at a time."""
    place = mark.get("eraser", 0)
    if place == len(settings.BILLING_ERASERS):
        return None
    erase = import_string(settings.BILLING_ERASERS[place])
    is_more = erase(account, now=account.frozen_time or now)
    return {"eraser": place if is_more else place + 1}


def _usage(
    account: LockedAccount, mark: Mark, deletion: CustomerDeletion, now: datetime
) -> Mark | None:
    return erase_usage(account.id, mark, key=deletion.key)


def _audit(
    account: LockedAccount, mark: Mark, deletion: CustomerDeletion, now: datetime
) -> Mark | None:
    return erase_audit(account, mark)


def _tenant(
    account: LockedAccount, mark: Mark, deletion: CustomerDeletion, now: datetime
) -> Mark | None:
    strip_tenant(account)
    forget_reasons(account)
    forget_stripe(account)
    return None


PIECES: Final[tuple[Piece, ...]] = (_in_apps, _usage, _audit, _tenant)


def _finish(account: LockedAccount, deletion: CustomerDeletion, *, now: datetime) -> None:
    """Remove the customer's record; the deletion stays, with nothing that names anyone."""
    Customer.objects.filter(pk=account.id).delete()
    CustomerCreation.objects.filter(account_id=account.id).delete()
    deletion.finish(now=now)
    deletion.save()
    audit.record(action="customer.deleted", account_id=account.id, subject=account.id, now=now)
