"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from costs.api.platform.allocation import RulesView, RuleView, TenantRulesView
from costs.api.platform.cost_centers import (
    CostCentersView,
    CostCenterView,
    TenantCostCentersView,
)
from costs.api.platform.estimate import EstimateView
from costs.api.platform.invoice_centers import InvoiceCentersCsvView, InvoiceCentersView
from costs.api.platform.realtime import ByResourceView, CurrentView, TimelineView
from costs.api.platform.stream import StreamView

urlpatterns: list[URLPattern] = [
    path("tenants/<str:tenant_id>/billing/estimate", EstimateView.as_view()),
    path("cost-centers", CostCentersView.as_view()),
    path("cost-centers/tenants/<str:tenant_id>", TenantCostCentersView.as_view()),
    path("cost-centers/<str:center_id>", CostCenterView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/current", CurrentView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/by-resource", ByResourceView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/timeline", TimelineView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/stream", StreamView.as_view()),
    path("allocation-rules", RulesView.as_view()),
    path("allocation-rules/tenants/<str:tenant_id>", TenantRulesView.as_view()),
    path("allocation-rules/<str:rule_id>", RuleView.as_view()),
    path("invoices/<str:invoice_id>/cost-centers", InvoiceCentersView.as_view()),
    path("invoices/<str:invoice_id>/cost-centers.csv", InvoiceCentersCsvView.as_view()),
]
