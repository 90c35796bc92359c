"""All routes."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from billing.admin.usage import usage
from billing.http import health
from billing.http.schema import DocsView, RedocView, schema
from paying.pages import returned

handler400 = "billing.http.handlers.bad_request"
handler403 = "billing.http.handlers.forbidden"
handler404 = "billing.http.handlers.not_found"
handler500 = "billing.http.handlers.server_error"

platform: list[URLPattern | URLResolver] = [
    path("", include("billing.api.platform.urls")),
    path("", include("tenants.api.platform.urls")),
    path("", include("coupons.api.platform.urls")),
    path("", include("invoicing.api.platform.urls")),
    path("", include("quotas.api.platform.urls")),
    path("", include("costs.api.platform.urls")),
    path("", include("webhooks.api.platform.urls")),
    path("", include("alerts.api.platform.urls")),
    path("", include("paying.api.platform.urls")),
]

portal: list[URLPattern | URLResolver] = [
    path("", include("billing.api.portal.urls")),
    path("", include("customers.api.portal.urls")),
    path("", include("quotas.api.portal.urls")),
    path("", include("paying.api.portal.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/billing/", include(platform)),
    path("api/billing/v1/", include(portal)),
    path("stripe/return", returned),
    path("api/schema", schema, name="schema"),
    path("api/docs", DocsView.as_view(url_name="schema"), name="docs"),
    path("api/redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("admin/usage/", admin.site.admin_view(usage), name="back-office-usage"),
    path("admin/", admin.site.urls),
]
