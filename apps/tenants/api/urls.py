"""Addresses of tenants."""

from django.urls import URLPattern

from apps.tenants.api import schema  # noqa: F401  drf-spectacular finds it once it is imported

urlpatterns: list[URLPattern] = []
