"""The platform as a Django application: every Django process has the Celery application too."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "agentplatform"

    def ready(self) -> None:
        from agentplatform import celery  # noqa: F401  sending a task needs the current application
