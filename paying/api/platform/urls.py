"""Routes of Stripe on surface B."""

from django.urls import URLPattern, path

from paying.api.platform.intents import PaymentIntentView
from paying.api.platform.stripe import CheckoutView, CustomerPortalView, WebhookView

urlpatterns: list[URLPattern] = [
    path("stripe/checkout", CheckoutView.as_view()),
    path("stripe/portal", CustomerPortalView.as_view()),
    path("stripe/webhook", WebhookView.as_view()),
    path("invoices/<str:invoice_id>/payment-intent", PaymentIntentView.as_view()),
]
