"""The card on file: noted as Stripe last said it, and tried on what waits for one."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from billing.kernel import jobs
from billing.kernel.services import service
from billing.models import Account
from paying.models import Collection, Profile
from paying.records import CollectionStatus

WAITING_FOR_A_METHOD: Final = (
    CollectionStatus.DECLINED,
    CollectionStatus.GIVEN_UP,
    CollectionStatus.NO_METHOD,
)
COLLECT: Final = "paying.collect_due"


class NotedMeanwhile(Exception):
    """Another payment method was noted after Stripe was asked."""


def noted_method(account_id: UUID) -> str:
    """Return the payment method that is noted; "" for none."""
    rows = Profile.objects.filter(pk=account_id)
    return rows.values_list("payment_method", flat=True).first() or ""


@service
def note_method(
    *, account_id: UUID, payment_method: str, before: str | None = None, now: datetime
) -> bool:
    """Note the default payment method; a new one is tried at once on what is unpaid.

    `before` is what was noted when Stripe was asked. Raises NotedMeanwhile where it is another now.
    """
    account = Account.objects.lock(account_id, even_closed=True)
    profile, _ = Profile.objects.get_or_create(account=account)
    if profile.payment_method == payment_method:
        return False
    if before is not None and profile.payment_method != before:
        raise NotedMeanwhile
    profile.payment_method = payment_method
    profile.save(update_fields=["payment_method"])
    if payment_method:
        waiting = Collection.objects.filter(account=account, status__in=WAITING_FOR_A_METHOD)
        if waiting.update(status=CollectionStatus.DUE, due_at=now, attempts=0):
            jobs.enqueue(COLLECT)
    return True
