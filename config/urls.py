"""All routes."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from billing.admin.usage import usage
from billing.http import health
from billing.http.schema import SchemaView

handler400 = "billing.http.handlers.bad_request"
handler403 = "billing.http.handlers.forbidden"
handler404 = "billing.http.handlers.not_found"
handler500 = "billing.http.handlers.server_error"

platform: list[URLPattern | URLResolver] = [
    path("", include("billing.api.platform.urls")),
    path("", include("tenants.api.platform.urls")),
    path("", include("invoicing.api.platform.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/billing/", include(platform)),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/redoc", SpectacularRedocView.as_view(url_name="schema"), name="redoc"),
    path("admin/usage/", admin.site.admin_view(usage), name="back-office-usage"),
    path("admin/", admin.site.urls),
]
