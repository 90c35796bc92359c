"""Routes of limits and quotas: surface A. `usage`, `ip` and `users` come before a service's name.

No plan may call a service so (billing.catalog.rules): its limits could not be asked for.
"""

from django.urls import URLPattern, path

from quotas.api.portal.addresses import IpLimitsView, IpServiceLimitsView, IpUsageView
from quotas.api.portal.consume import ConsumeView
from quotas.api.portal.limits import LimitsView, LimitView, ServiceLimitsView
from quotas.api.portal.quotas import QuotasView, QuotaView, ServiceQuotasView
from quotas.api.portal.usage import (
    OlderUsageView,
    QuotasUsageView,
    UsageView,
    UserQuotasView,
    UserUsageView,
)

urlpatterns: list[URLPattern] = [
    path("limits", LimitsView.as_view()),
    path("limits/consume", ConsumeView.as_view()),
    path("limits/usage", UsageView.as_view()),
    path("usage", OlderUsageView.as_view()),
    path("limits/usage/users", UserUsageView.as_view()),
    path("limits/usage/ip", IpUsageView.as_view()),
    path("limits/ip", IpLimitsView.as_view()),
    path("limits/ip/<str:service_name>", IpServiceLimitsView.as_view()),
    path("limits/<str:service_name>", ServiceLimitsView.as_view()),
    path("limits/<str:service_name>/<str:feature_key>", LimitView.as_view()),
    path("quotas", QuotasView.as_view()),
    path("quotas/usage", QuotasUsageView.as_view()),
    path("quotas/usage/users", UserQuotasView.as_view()),
    path("quotas/<str:service_name>", ServiceQuotasView.as_view()),
    path("quotas/<str:service_name>/<str:feature_key>", QuotaView.as_view()),
]
