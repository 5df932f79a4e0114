"""Telemetry as a Django application: it only listens."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "agentplatform.telemetry"
    label = "telemetry"

    def ready(self) -> None:
        from agentplatform.telemetry import messages  # noqa: F401  connects to Celery's signals
