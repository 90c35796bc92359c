"""Wake-ups of the billing run, the PDF renderer and the outbox. The due rows are the jobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final
from uuid import UUID

import structlog
from celery import shared_task

from billing.kernel import clock, jobs
from billing.kernel.outward import outward
from billing.models import Account
from invoicing import late, run, verification
from invoicing.mailing import sending
from invoicing.pdf import credit_notes, rendering

log = structlog.get_logger(__name__)

SWEPT: Final = 3


@shared_task(name="invoicing.run_due")
def run_due() -> None:
    """Bill whoever is due."""
    run.run_for(now=clock.now())


@shared_task(name="invoicing.run_account")
def run_account(account_id: str) -> None:
    """Bill one account, by its own clock."""
    account = Account.objects.select_related("test_clock").get(pk=UUID(account_id))
    run.run_or_park(account_id=account.id, now=clock.now_for(account))


@shared_task(name="invoicing.render_pdf")
def render_pdf(document_id: str) -> None:
    """Render one document that is due."""
    rendering.render_document(document_id=int(document_id), now=clock.now())


@shared_task(name="invoicing.render_credit_note")
def render_credit_note(document_id: str) -> None:
    """Render one credit note that is due."""
    credit_notes.render_credit_note(document_id=int(document_id), now=clock.now())


@shared_task(name="invoicing.render_due")
def render_due() -> None:
    """Render some of the documents whose wake-up was lost, and come back for the rest.

    Only some at once, so that one which somebody waits for is never far behind.
    """
    now = clock.now()
    invoices = rendering.render_due(now=now, limit=SWEPT, only_ahead=True)
    notes = credit_notes.render_due_credit_notes(now=now, limit=SWEPT, only_ahead=True)
    if invoices or notes:
        jobs.enqueue("invoicing.render_due")


@shared_task(name="invoicing.settle_late")
def settle_late() -> None:
    """Invoice late usage of those who have no invoice to come."""
    late.settle_all(now=clock.now())


@shared_task(name="invoicing.verify")
def verify() -> None:
    """Check every invariant; what is broken is logged as an error, row by row."""
    for problem in verification.verify():
        log.error("invariant_broken", **asdict(problem))


@shared_task(name="invoicing.send_mail")
@outward("mail")
def send_mail(mail_id: str) -> None:
    """Send one mail that is due."""
    sending.send_mail(mail_id=UUID(mail_id), now=clock.now())


@shared_task(name="invoicing.send_due_mails")
@outward("mail")
def send_due_mails() -> None:
    """Send the mails whose wake-up was lost, and those that failed before."""
    sending.send_due(now=clock.now())
