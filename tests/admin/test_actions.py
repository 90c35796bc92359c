"""What staff do goes through the services, under their name, and never ends in a 500."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from billing.kernel import clock
from billing.models import ApiKey, AuditEntry
from invoicing.models import Invoice
from invoicing.pdf.rendering import ask_for, render_document
from invoicing.services import generate_invoice
from tests.admin.test_pages import url
from tests.admin.world import World


def said(response: Any) -> list[tuple[str, str]]:
    return [(m.level_tag, str(m)) for m in get_messages(response.wsgi_request)]


def entries(action: str) -> list[str]:
    return list(AuditEntry.objects.filter(action=action).values_list("actor", flat=True))


@pytest.fixture
def draft(world: World) -> Invoice:
    return generate_invoice(account_id=world.tenant.pk, now=clock.now())


def act(client: Client, thing: Any, name: str, **data: str) -> Any:
    return client.post(f"{url(type(thing), 'changelist')}{thing.pk}/{name}/", data)


def test_a_draft_is_finalized_after_a_question(staff: Client, draft: Invoice) -> None:
    question = staff.get(f"{url(Invoice, 'changelist')}{draft.pk}/finalize/")
    draft.refresh_from_db()
    status_before = draft.status

    done = act(staff, draft, "finalize")

    draft.refresh_from_db()
    assert (question.status_code, status_before) == (200, "DRAFT")
    assert (done.status_code, draft.status) == (302, "PENDING")
    assert said(done) == [("success", f"The invoice {draft.number} is final.")]
    assert entries("invoice.finalized")[-1] == "staff:ada"


def test_finalizing_twice_says_why_not(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    again = act(staff, invoice, "finalize")

    assert again.status_code == 302
    assert said(again)[0][0] == "error"
    assert "PENDING" in said(again)[0][1]


def test_an_invoice_is_voided_with_a_reason(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    done = act(staff, invoice, "void", reason="Wrong buyer")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.void_reason) == ("VOID", "Wrong buyer")
    assert said(done) == [("success", f"The invoice {invoice.number} is void.")]
    assert entries("invoice.voided") == ["staff:ada"]


def test_voiding_needs_a_reason(staff: Client, world: World) -> None:
    invoice = world.invoices[0]

    asked = act(staff, invoice, "void", reason=" ")

    invoice.refresh_from_db()
    assert (asked.status_code, invoice.status) == (200, "PENDING")
    assert "This field is required." in asked.content.decode()


def test_voiding_twice_says_why_not(staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    act(staff, invoice, "void", reason="Once")

    again = act(staff, invoice, "void", reason="Twice")

    invoice.refresh_from_db()
    assert invoice.void_reason == "Once"
    assert said(again)[-1][0] == "error"


@pytest.mark.parametrize("name", ["void", "finalize"])
def test_a_forged_form_of_another_site_does_nothing(name: str, staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff.cookies

    assert act(strict, invoice, name, reason="x").status_code == 403
    invoice.refresh_from_db()
    assert invoice.status == "PENDING"


def test_buttons_stand_where_the_state_allows_them(
    staff: Client, world: World, draft: Invoice
) -> None:
    final = world.invoices[0]

    on_draft = staff.get(url(Invoice, "change", draft.pk)).content.decode()
    on_final = staff.get(url(Invoice, "change", final.pk)).content.decode()

    assert [f"{draft.pk}/{name}/" in on_draft for name in ("open_pdf", "finalize", "void")] == [
        True,
        True,
        True,
    ]
    assert [f"{final.pk}/{name}/" in on_final for name in ("open_pdf", "finalize", "void")] == [
        True,
        False,
        True,
    ]


def test_an_invoice_that_is_not_there_is_not_a_500(staff: Client, db: None) -> None:
    base = url(Invoice, "changelist")

    answers = [
        staff.get(f"{base}{missing}/{name}/").status_code
        for missing in (uuid4(), "nonsense")
        for name in ("open_pdf", "finalize", "void")
    ]

    assert set(answers) <= {302, 403, 404}


def test_the_pdf_opens(staff: Client, world: World) -> None:
    invoice = world.invoices[0]
    document = ask_for(account_id=invoice.account_id, invoice_id=invoice.pk, now=clock.now())
    render_document(document_id=document.pk, now=clock.now())

    opened = staff.get(f"{url(Invoice, 'changelist')}{invoice.pk}/open_pdf/")

    assert opened["Content-Type"] == "application/pdf"
    assert opened["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert opened.content.startswith(b"%PDF-")


def test_a_key_is_revoked_after_a_question(staff: Client, key: ApiKey) -> None:
    staff.get(f"{url(ApiKey, 'changelist')}{key.pk}/revoke/")
    key.refresh_from_db()
    before = key.revoked_at

    act(staff, key, "revoke")

    key.refresh_from_db()
    assert before is None
    assert key.revoked_at is not None
    assert entries("api_key.revoked") == ["staff:ada"]
