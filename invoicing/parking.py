"""Parking: an account whose step fails is left alone, so that one does not stop the run of all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from billing.accounts import audit
from billing.kernel import jobs
from billing.kernel.errors import BillingError, NotFound
from billing.kernel.services import service
from billing.models import Account
from invoicing import due
from invoicing.records import ParkedAccount

RUN = "invoicing.run_account"


@service
def park_account(*, account_id: UUID, error: Exception, now: datetime) -> ParkedAccount:
    """Leave the account out of the run until it is released; its first due step is the one.

    Raises TenantNotFound where it is gone.
    """
    account = Account.objects.lock(account_id)
    step = due.earliest(account.id, now=now)
    is_expected = isinstance(error, BillingError)
    text = str(error) if is_expected else f"{type(error).__name__}: {error}"
    parked, _ = ParkedAccount.objects.update_or_create(
        account=account,
        defaults={
            "code": error.code if isinstance(error, BillingError) else "INTERNAL_ERROR",
            "reason": text[:2000].replace("\x00", ""),
            "step": step.source.name if step else "",
            "step_due_at": step.due_at if step else None,
            "since": now,
        },
    )
    audit.record(
        action="account.parked",
        account_id=account.id,
        subject=account.id,
        after={"code": parked.code, "reason": parked.reason, "step": parked.step},
        now=now,
    )
    return parked


@service
def release_account(*, account_id: UUID, now: datetime) -> None:
    """Let the run take the account up again, at once. Raises TenantNotFound, NotFound."""
    account = Account.objects.lock(account_id)
    parked = ParkedAccount.objects.filter(account=account).first()
    if parked is None:
        raise NotFound(noun="parked account")
    parked.delete()
    audit.record(
        action="account.released",
        account_id=account.id,
        subject=account.id,
        before={"code": parked.code, "reason": parked.reason, "step": parked.step},
        now=now,
    )
    jobs.enqueue(RUN, account_id=account.id)
