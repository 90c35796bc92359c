"""Routes of customers and their teams: surface A."""

from django.urls import URLPattern, path

from customers.api.portal.administration import (
    BillingStatusView,
    CustomerAdminView,
    CustomersView,
)

urlpatterns: list[URLPattern] = [
    path("admin/billing/status", BillingStatusView.as_view()),
    path("admin/customers", CustomersView.as_view()),
    path("admin/customer/<str:customer_id>", CustomerAdminView.as_view()),
]
