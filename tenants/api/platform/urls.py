"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from tenants.api.platform.tenants import TenantsView, TenantView

urlpatterns: list[URLPattern] = [
    path("tenants", TenantsView.as_view()),
    path("tenants/<str:tenant_id>", TenantView.as_view()),
]
