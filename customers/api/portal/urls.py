"""Routes of customers and their teams: surface A."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
