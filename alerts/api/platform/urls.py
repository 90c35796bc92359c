"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from alerts.api.platform.alerts import DismissView, OneAlertView, TenantAlertsView

urlpatterns: list[URLPattern] = [
    path("realtime-cost/tenants/<str:tenant_id>/alerts", TenantAlertsView.as_view()),
    path("realtime-cost/alerts/<str:alert_id>", OneAlertView.as_view()),
    path("realtime-cost/alerts/<str:alert_id>/dismiss", DismissView.as_view()),
]
