"""What is left of a customer's invoices once it is deleted: their print, and what is owed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.stripe.null import NullGateway
from customers.services import carrying
from invoicing.models import Invoice
from invoicing.pdf import rendering
from tests.client import Api, error_of, json_of
from tests.services import doomed
from tests.services.doomed import NOW

pytestmark = pytest.mark.django_db
LATER = datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture
def final(monkeypatch: pytest.MonkeyPatch) -> Invoice:
    """A final invoice of a customer that is deleted by the time that a test asks."""
    monkeypatch.setattr(rendering, "WAIT_SECONDS", 0)
    one = doomed.make()
    one.delete()
    carrying.carry_deletion(account_id=one.id, stripe=NullGateway(), now=NOW)
    return Invoice.objects.get(account_id=one.id, number__isnull=False)


def test_its_document_is_what_it_was(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "WAIT_SECONDS", 0)
    one = doomed.make()
    rendering.render_due(now=LATER)
    invoices = Invoice.objects.filter(account_id=one.id)
    paths = [
        f"/invoices/{each}/pdf" for each in invoices.order_by("number").values_list("pk", flat=True)
    ]
    path, draft = paths
    before = admin.get(path)

    one.delete()
    carrying.carry_deletion(account_id=one.id, stripe=NullGateway(), now=NOW)
    after = admin.get(path)

    assert (before.status_code, after.status_code) == (200, 200)
    assert (after.content, after["ETag"]) == (before.content, before["ETag"])
    assert error_of(admin.get(draft)) == (404, "NOT_FOUND")


def test_a_document_that_was_not_rendered_before_is_still(admin: Api, final: Invoice) -> None:
    path = f"/invoices/{final.pk}/pdf"
    early = admin.get(path)
    rendering.render_due(now=LATER)

    assert error_of(early) == (503, "PDF_NOT_READY")
    assert admin.get(path).status_code == 200


def test_what_is_owed_can_be_paid_credited_and_written_off(admin: Api, final: Invoice) -> None:
    path = f"/invoices/{final.pk}"

    paid = json_of(admin.post(f"{path}/payments", {"amount": "1.00"}))
    noted: Any = admin.post(f"{path}/credit-notes", {"amount": "1.00", "reason": "Goodwill"})
    off = json_of(admin.post(f"{path}/mark-uncollectible"))

    assert paid["status"] == "PARTIALLY_PAID"
    assert noted.status_code == 201
    assert off["status"] == "UNCOLLECTIBLE"
