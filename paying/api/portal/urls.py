"""Routes of Stripe on surface A."""

from django.urls import URLPattern, path

from paying.api.portal.stripe import (
    PaymentMethodView,
    StripeCustomerView,
    UpgradeView,
    WebhookView,
)

urlpatterns: list[URLPattern] = [
    path("stripe/customer", StripeCustomerView.as_view()),
    path("stripe/upgrade", UpgradeView.as_view()),
    path("stripe/payment-method", PaymentMethodView.as_view()),
    path("stripe/webhook", WebhookView.as_view()),
]
