"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from billing.api.platform.subscriptions import LiveSubscriptionView, SubscriptionsView

urlpatterns: list[URLPattern] = [
    path("tenants/<str:tenant_id>/subscription", LiveSubscriptionView.as_view()),
    path("tenants/<str:tenant_id>/subscriptions", SubscriptionsView.as_view()),
]
