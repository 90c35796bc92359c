"""Routes of this app's resources on surface B."""

from django.urls import URLPattern, path

from billing.api.platform.meters import MetersView, MeterView
from billing.api.platform.plans import ArchivePlanView, PlansView, PlanView
from billing.api.platform.subscription_actions import (
    CancelView,
    ChangePlanView,
    DiscountView,
    PauseView,
    ReactivateView,
    ResumeView,
)
from billing.api.platform.subscriptions import LiveSubscriptionView, SubscriptionsView

urlpatterns: list[URLPattern] = [
    path("meters", MetersView.as_view()),
    path("meters/<str:metric_type>", MeterView.as_view()),
    path("plans", PlansView.as_view()),
    path("plans/<str:plan_id>", PlanView.as_view()),
    path("plans/<str:plan_id>/archive", ArchivePlanView.as_view()),
    path("tenants/<str:tenant_id>/subscription", LiveSubscriptionView.as_view()),
    path("tenants/<str:tenant_id>/subscriptions", SubscriptionsView.as_view()),
    path("subscriptions/<str:subscription_id>/change-plan", ChangePlanView.as_view()),
    path("subscriptions/<str:subscription_id>/cancel", CancelView.as_view()),
    path("subscriptions/<str:subscription_id>/reactivate", ReactivateView.as_view()),
    path("subscriptions/<str:subscription_id>/pause", PauseView.as_view()),
    path("subscriptions/<str:subscription_id>/resume", ResumeView.as_view()),
    path("subscriptions/<str:subscription_id>/discount", DiscountView.as_view()),
]
