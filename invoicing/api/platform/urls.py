"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from invoicing.api.platform.collecting import PaymentsView, UncollectibleView
from invoicing.api.platform.credit_notes import (
    CreditNotePdfView,
    CreditNoteView,
    InvoiceCreditNotesView,
)
from invoicing.api.platform.einvoices import EinvoiceView
from invoicing.api.platform.invoices import (
    FinalizeView,
    InvoiceView,
    PdfView,
    TenantInvoicesView,
    VoidView,
)
from invoicing.api.platform.preview import PreviewView
from invoicing.api.platform.test_clocks import AdvanceView, TestClocksView, TestClockView

urlpatterns: list[URLPattern] = [
    path("tenants/<str:tenant_id>/billing/preview", PreviewView.as_view()),
    path("tenants/<str:tenant_id>/invoices", TenantInvoicesView.as_view()),
    path("invoices/<str:invoice_id>", InvoiceView.as_view()),
    path("invoices/<str:invoice_id>/finalize", FinalizeView.as_view()),
    path("invoices/<str:invoice_id>/void", VoidView.as_view()),
    path("invoices/<str:invoice_id>/pdf", PdfView.as_view()),
    path("invoices/<str:invoice_id>/einvoice", EinvoiceView.as_view()),
    path("invoices/<str:invoice_id>/payments", PaymentsView.as_view()),
    path("invoices/<str:invoice_id>/mark-uncollectible", UncollectibleView.as_view()),
    path("invoices/<str:invoice_id>/credit-notes", InvoiceCreditNotesView.as_view()),
    path("credit-notes/<str:note_id>", CreditNoteView.as_view()),
    path("credit-notes/<str:note_id>/pdf", CreditNotePdfView.as_view()),
    path("test-clocks", TestClocksView.as_view()),
    path("test-clocks/<str:clock_id>", TestClockView.as_view()),
    path("test-clocks/<str:clock_id>/advance", AdvanceView.as_view()),
]
