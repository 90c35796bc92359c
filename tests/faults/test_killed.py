"""A process that is killed amid a change of money: all of it is done, or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from billing.models import CreditEntry, CreditGrant
from invoicing import collecting, crediting, services
from invoicing.models import Invoice
from invoicing.records import CreditNote, CreditNoteDocument, Dunning, InvoiceSeries, Payment
from tests.scenarios.world import World
from tests.services.test_collection_rules import MAY

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, signal, sys
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import resolve_name
from uuid import UUID
import django
django.setup()
place, call, account, invoice = sys.argv[1:]
module, name = place.rsplit(".", 1)
setattr(resolve_name(module), name, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
ids = {"account_id": UUID(account), "invoice_id": UUID(invoice)}
ids["now"] = datetime(2025, 5, 1, 1, tzinfo=UTC)
if call == "finalize":
    import_module("invoicing.services").finalize_invoice(**ids)
elif call == "pay":
    import_module("invoicing.collecting").record_payment(amount="5.00", **ids)
else:
    import_module("invoicing.crediting").issue_credit_note(amount="5.00", reason="x", **ids)
"""


def kill_at(place: str, call: str, invoice: Invoice) -> None:
    """Run the call in a process that is killed when it comes to `place`."""
    parts = connection.settings_dict
    url = f"postgresql://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, place, call, str(invoice.account_id), str(invoice.pk)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"{url}/{parts['NAME']}"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def draft(world: World) -> Invoice:
    """Make the draft of April, 30.00, of a tenant with 12.00 of credit."""
    world.begin("2025-04-01T00:00:00Z")
    subscription = world.subscribe(world.plan())["id"]
    world.post(f"/subscriptions/{subscription}/credits", {"amount": "12.00"}, status=201)
    made = world.post(f"/tenants/{world.tenant}/invoices")
    return Invoice.objects.get(pk=made["id"])


def money(invoice: Invoice) -> list[Any]:
    """Return all that a change of money touches."""
    tables: list[Any] = [Payment, CreditNote, CreditNoteDocument, CreditEntry, Dunning]
    return [
        list(Invoice.objects.filter(pk=invoice.pk).values()),
        list(CreditGrant.objects.values("remaining_minor")),
        list(InvoiceSeries.objects.values("prefix", "last")),
        *(table.objects.count() for table in tables),
    ]


@pytest.mark.parametrize(
    "place",
    [
        "invoicing.finalizing.ledger.spend",
        "invoicing.finalizing.remembering.remember",
        "invoicing.finalizing.next_numbers",
        "invoicing.finalizing.drafting.save",
        "invoicing.finalizing.expect_document",
        "invoicing.finalizing.dunning.begin",
        "invoicing.finalizing.audit.record_all",
    ],
)
def test_a_killed_finalize_did_nothing_and_can_be_done_again(place: str) -> None:
    invoice = draft(World())
    before = money(invoice)

    kill_at(place, "finalize", invoice)
    after = money(invoice)
    ids: dict[str, Any] = {"account_id": UUID(str(invoice.account_id)), "invoice_id": invoice.pk}
    done = services.finalize_invoice(**ids, now=MAY)

    assert after == before
    assert (done.number, done.status) == ("TEST-2025-000001", "PENDING")
    assert (done.credits_applied_minor, CreditGrant.objects.get().remaining_minor) == (1200, 0)


@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("invoicing.collecting.dunning.follow", "pay"),
        ("invoicing.collecting.audit.record", "pay"),
        ("invoicing.crediting.expect_credit_note", "credit"),
        ("invoicing.crediting.audit.record", "credit"),
    ],
)
def test_a_killed_payment_or_credit_note_did_nothing(place: str, call: str) -> None:
    invoice = draft(World())
    ids: dict[str, Any] = {"account_id": UUID(str(invoice.account_id)), "invoice_id": invoice.pk}
    services.finalize_invoice(**ids, now=MAY)
    before = money(invoice)

    kill_at(place, call, invoice)
    after = money(invoice)
    collecting.record_payment(**ids, amount="5.00", now=MAY)
    note = crediting.issue_credit_note(**ids, amount="5.00", reason="x", now=MAY)

    assert after == before
    assert note.number == "TEST-CN-2025-000001"
    assert Invoice.objects.get(pk=invoice.pk).amount_due_minor == 800
