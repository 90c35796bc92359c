"""Routes of customers and their teams: surface A."""

from django.urls import URLPattern, path

from customers.api.portal.administration import BillingStatusView, CustomersView
from customers.api.portal.customers import CustomerView, LeaveView, TierView
from customers.api.portal.members import MembersView, MemberView, OneMemberView, TransferView
from customers.api.portal.staff import (
    AnyCustomerView,
    AnyMembersView,
    AnyMemberView,
    AnyOneMemberView,
)

urlpatterns: list[URLPattern] = [
    path("admin/billing/status", BillingStatusView.as_view()),
    path("admin/customers", CustomersView.as_view()),
    path("customer", CustomerView.as_view()),
    path("customer/leave", LeaveView.as_view()),
    path("customer/tier", TierView.as_view()),
    path("customer/members", MembersView.as_view()),
    path("customer/member", MemberView.as_view()),
    path("customer/member/<str:userID>", OneMemberView.as_view()),
    path("customer/transfer-ownership", TransferView.as_view()),
    path("admin/customer/<str:customerID>", AnyCustomerView.as_view()),
    path("admin/customer/<str:customerID>/members", AnyMembersView.as_view()),
    path("admin/customer/<str:customerID>/member", AnyMemberView.as_view()),
    path("admin/customer/<str:customerID>/member/<str:userID>", AnyOneMemberView.as_view()),
]
