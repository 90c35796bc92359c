"""A credit note's PDF: due with the note, rendered by the worker, the same bytes for ever."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest

from invoicing.pdf.credit_notes import render_due_credit_notes
from invoicing.records import CreditNoteDocument
from tests.scenarios.test_credit_notes import billed, credit
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

LATER = datetime(2999, 1, 1, tzinfo=UTC)


def noted(world: World) -> tuple[Any, Any]:
    invoice = billed(world)
    usage = invoice["lines"][1]["id"]
    return invoice, credit(world, invoice, lines=[{"lineId": usage, "amount": "5.00"}])


def test_a_note_that_is_not_rendered_yet_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoicing.pdf.rendering.WAIT_SECONDS", 0)
    world = World()
    _invoice, note = noted(world)

    answer = world.get(f"/credit-notes/{note['id']}/pdf", status=503)

    assert answer["error"]["code"] == "PDF_NOT_READY"


def test_a_note_prints_what_it_takes_back_and_of_which_invoice() -> None:
    world = World()
    invoice, note = noted(world)

    render_due_credit_notes(now=LATER)
    first = world.get(f"/credit-notes/{note['id']}/pdf")
    render_due_credit_notes(now=LATER)
    second = world.get(f"/credit-notes/{note['id']}/pdf")
    etag = first["ETag"]
    known = world.call(
        "get", f"/credit-notes/{note['id']}/pdf", status=304, **{"If-None-Match": etag}
    )

    text = pypdf.PdfReader(io.BytesIO(first.content)).pages[0].extract_text()
    words = " ".join(text.split())
    assert first["Content-Disposition"] == 'attachment; filename="TEST-CN-2025-000001.pdf"'
    assert (first.content, etag) == (second.content, second["ETag"])
    assert known.content == b""
    assert "Credit note" in words
    assert f"For invoice {invoice['invoiceNumber']}" in words
    assert "goodwill" in words
    for amount in ("$5.00", "$0.95", "$5.95"):
        assert amount in words
    assert CreditNoteDocument.objects.get().attempts == 0
