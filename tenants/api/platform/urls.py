"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from tenants.api.platform.recording import UsageBatchView, UsageView
from tenants.api.platform.tenants import TenantsView, TenantView
from tenants.api.platform.usage import UsageEventsView, UsageEventView, UsageSummaryView


class AnyTextConverter(StringConverter):
    """All of the rest, slashes and line breaks too: `path` ends where a line does."""

    regex = r"[\s\S]+"


register_converter(AnyTextConverter, "text")

urlpatterns: list[URLPattern] = [
    path("tenants", TenantsView.as_view()),
    path("tenants/<str:tenant_id>", TenantView.as_view()),
    path("tenants/<str:tenant_id>/usage", UsageView.as_view()),
    path("tenants/<str:tenant_id>/usage/batch", UsageBatchView.as_view()),
    path("tenants/<str:tenant_id>/usage/summary", UsageSummaryView.as_view()),
    path("tenants/<str:tenant_id>/usage/events", UsageEventsView.as_view()),
    path("tenants/<str:tenant_id>/usage/events/<text:event_id>", UsageEventView.as_view()),
]
