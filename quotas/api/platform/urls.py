"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from quotas.api.platform.quotas import QuotaCheckView, QuotasView, QuotaView, TenantQuotasView
from quotas.api.platform.reservations import (
    CommitView,
    ReleaseView,
    ReservationsView,
    ReservationView,
)

RESERVATIONS = "tenants/<str:tenant_id>/quotas/reservations"

urlpatterns: list[URLPattern] = [
    path("quotas", QuotasView.as_view()),
    path("quotas/<str:quota_id>", QuotaView.as_view()),
    path("quotas/tenants/<str:tenant_id>", TenantQuotasView.as_view()),
    path("quotas/tenants/<str:tenant_id>/check", QuotaCheckView.as_view()),
    path(RESERVATIONS, ReservationsView.as_view()),
    path(f"{RESERVATIONS}/<str:reservation_id>", ReservationView.as_view()),
    path(f"{RESERVATIONS}/<str:reservation_id>/commit", CommitView.as_view()),
    path(f"{RESERVATIONS}/<str:reservation_id>/release", ReleaseView.as_view()),
]
