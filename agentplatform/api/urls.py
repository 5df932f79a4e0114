"""Addresses of operations."""

from django.urls import path

from agentplatform.api import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("health/ready", views.ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
]
