"""An invoice's document: due, rendered once, the same bytes for ever."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest
from celery import Task
from django.test import TestCase
from pypdf import PdfReader

from billing.kernel import clock, jobs
from billing.models import Account
from invoicing.models import Invoice, InvoiceDocument
from invoicing.pdf import rendering
from invoicing.pdf.errors import PdfFailed
from invoicing.tasks import render_due
from tests.scenarios.world import World

NOW = datetime(2040, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rendering, "WAIT_SECONDS", 0)
    world = World()
    world.begin("2025-04-01T00:00:00Z", name="Acme <b>GmbH</b>")
    world.subscribe(world.plan())
    return world


def text_of(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def pdf(world: World, invoice_id: str) -> Any:
    return world.get(f"/invoices/{invoice_id}/pdf")


def test_a_finalized_invoice_is_due_to_be_rendered_at_once(world: World) -> None:
    world.advance("2025-05-01T01:00:00Z")

    (document,) = InvoiceDocument.objects.filter(account_id=world.tenant)
    assert document.content is None
    assert document.due_at is not None


def test_the_pdf_is_rendered_once_and_kept(world: World) -> None:
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()

    rendering.render_due(now=NOW)
    first = pdf(world, invoice["id"])
    rendering.render_due(now=NOW)
    second = pdf(world, invoice["id"])

    assert first.content == second.content
    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == 'attachment; filename="TEST-2025-000001.pdf"'
    assert first["ETag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    text = text_of(first.content)
    assert "TEST-2025-000001" in text
    assert "$30.00" in text
    assert "Acme <b>GmbH</b>" in text
    assert "DRAFT" not in text.upper()


def test_what_the_client_has_already_is_not_sent_again(world: World) -> None:
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()
    rendering.render_due(now=NOW)
    etag = pdf(world, invoice["id"])["ETag"]

    again = world.call(
        "get", f"/invoices/{invoice['id']}/pdf", status=304, **{"If-None-Match": etag}
    )

    assert again.content == b""


def test_not_rendered_in_time_is_a_503_that_says_when_to_come_again(world: World) -> None:
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()

    answer = world.call("get", f"/invoices/{invoice['id']}/pdf", status=503)

    assert answer["error"]["code"] == "PDF_NOT_READY"


@pytest.mark.parametrize("state", ["draft", "final"])
def test_a_pdf_that_somebody_waits_for_goes_before_those_made_ahead(
    world: World, state: str
) -> None:
    if state == "draft":
        invoice = world.post(f"/tenants/{world.tenant}/invoices")
    else:
        world.advance("2025-05-01T01:00:00Z")
        (invoice,) = world.invoices()
    with (
        patch.object(rendering, "WAIT_SECONDS", 0),
        patch.object(Task, "apply_async") as wakes,
        TestCase.captureOnCommitCallbacks(execute=True),
    ):
        world.call("get", f"/invoices/{invoice['id']}/pdf", status=503)

    assert {call.kwargs.get("priority") for call in wakes.call_args_list} == {jobs.FIRST}


def off_the_clock() -> None:
    Account.objects.update(test_clock=None)


def test_on_a_test_clock_none_is_made_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made: list[int] = []
    monkeypatch.setattr(
        rendering, "render_document", lambda *, document_id, **_: made.append(document_id)
    )
    with (
        patch.object(Task, "apply_async") as wakes,
        TestCase.captureOnCommitCallbacks(execute=True),
    ):
        world.advance("2025-05-01T01:00:00Z")
        world.post(f"/invoices/{world.invoices()[0]['id']}/void")
    render_due()

    woken = [call for call in wakes.call_args_list if "document_id" in str(call)]
    assert (woken, made) == ([], [])
    off_the_clock()
    render_due()
    assert len(made) == 2


def test_a_sweep_makes_a_few_and_comes_back_for_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "render_pdf", lambda *_, **__: b"%PDF")
    monkeypatch.setattr(clock, "now", lambda: NOW)
    woken: list[str] = []
    monkeypatch.setattr(jobs, "enqueue", lambda name, **_: woken.append(name))
    world.advance("2025-08-01T01:00:00Z")
    off_the_clock()
    waiting = InvoiceDocument.objects.filter(content__isnull=True)
    left = [waiting.count()]

    for _ in range(2):
        woken.clear()
        render_due()
        left.append(waiting.count())
        left.append(len(woken))

    assert left == [4, 1, 1, 0, 0]


def test_a_drafts_pdf_is_marked_and_follows_the_draft(world: World) -> None:
    draft = world.post(f"/tenants/{world.tenant}/invoices")
    world.call("get", f"/invoices/{draft['id']}/pdf", status=503)
    rendering.render_due(now=NOW)
    marked = pdf(world, draft["id"])

    world.post(f"/invoices/{draft['id']}/finalize")
    rendering.render_due(now=NOW)

    assert "DRAFT" in text_of(marked.content).upper()
    assert "DRAFT" not in text_of(pdf(world, draft["id"]).content).upper()


def test_a_voided_invoice_prints_its_mark_and_the_final_one_is_kept_too(world: World) -> None:
    world.advance("2025-05-01T01:00:00Z")
    (invoice,) = world.invoices()
    rendering.render_due(now=NOW)
    final = pdf(world, invoice["id"]).content

    world.post(f"/invoices/{invoice['id']}/void")
    rendering.render_due(now=NOW)

    assert "VOID" in text_of(pdf(world, invoice["id"]).content).upper()
    kept = [bytes(row.content or b"") for row in InvoiceDocument.objects.all()]
    assert final in kept


def test_a_failure_is_kept_with_its_reason_and_tried_again_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise PdfFailed("no fonts")

    world.advance("2025-05-01T01:00:00Z")
    with monkeypatch.context() as patch:
        patch.setattr(rendering, "render_pdf", broken)
        rendering.render_due(now=NOW)

    document = InvoiceDocument.objects.get(invoice=Invoice.objects.get())
    assert (document.attempts, document.failure) == (
        1,
        "The PDF could not be rendered: no fonts",
    )
    assert document.due_at is not None
    assert document.due_at > NOW
    rendering.render_due(now=document.due_at)
    document.refresh_from_db()
    assert document.content is not None
    assert document.failure == ""
