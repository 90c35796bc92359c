"""Routes of the engine's part of surface A."""

from django.urls import URLPattern, path

from billing.api.portal.tiers import DefaultTierView, TiersView

urlpatterns: list[URLPattern] = [
    path("admin/tiers", TiersView.as_view()),
    path("admin/tiers/<str:tierID>/default", DefaultTierView.as_view()),
]
