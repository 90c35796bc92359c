"""Routes of customers and their teams: surface A."""

from django.urls import URLPattern, path

from customers.api.portal.administration import (
    AnyCustomerView,
    BillingStatusView,
    CustomersView,
)

urlpatterns: list[URLPattern] = [
    path("admin/billing/status", BillingStatusView.as_view()),
    path("admin/customers", CustomersView.as_view()),
    path("admin/customer/<str:customerID>", AnyCustomerView.as_view()),
]
