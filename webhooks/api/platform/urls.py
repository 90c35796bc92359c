"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from webhooks.api.platform.deliveries import DeliveriesView, OneDeliveryView, ReplayView
from webhooks.api.platform.webhooks import (
    OneWebhookView,
    OperatorWebhooksView,
    RotateView,
    TenantWebhooksView,
    TestView,
)

urlpatterns: list[URLPattern] = [
    path("tenants/<str:tenant_id>/webhooks", TenantWebhooksView.as_view()),
    path("webhooks", OperatorWebhooksView.as_view()),
    path("webhooks/<str:webhook_id>", OneWebhookView.as_view()),
    path("webhooks/<str:webhook_id>/rotate-secret", RotateView.as_view()),
    path("webhooks/<str:webhook_id>/test", TestView.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", DeliveriesView.as_view()),
    path("webhook-deliveries/<str:delivery_id>", OneDeliveryView.as_view()),
    path("webhook-deliveries/<str:delivery_id>/replay", ReplayView.as_view()),
]
