"""Routes of this app's resources on surface B."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
