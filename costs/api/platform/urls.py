"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from costs.api.platform.cost_centers import (
    CostCentersView,
    CostCenterView,
    TenantCostCentersView,
)
from costs.api.platform.estimate import EstimateView
from costs.api.platform.realtime import ByResourceView, CurrentView, TimelineView

urlpatterns: list[URLPattern] = [
    path("tenants/<str:tenant_id>/billing/estimate", EstimateView.as_view()),
    path("cost-centers", CostCentersView.as_view()),
    path("cost-centers/tenants/<str:tenant_id>", TenantCostCentersView.as_view()),
    path("cost-centers/<str:center_id>", CostCenterView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/current", CurrentView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/by-resource", ByResourceView.as_view()),
    path("realtime-cost/tenants/<str:tenant_id>/timeline", TimelineView.as_view()),
]
