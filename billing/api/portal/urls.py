"""Routes of the engine's part of surface A."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
