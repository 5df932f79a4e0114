"""Addresses of the gateway."""

from django.urls import path

from apps.gateway.api import usage

urlpatterns = [path("usage", usage.UsageList.as_view(), name="usage")]
