"""Addresses that links to artifacts name."""

from django.urls import path

from apps.tools.api.linked_file import linked_file

urlpatterns = [path("<uuid:artifact_id>", linked_file, name="linked-file")]
