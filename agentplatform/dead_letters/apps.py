"""Dead letters as a Django application: it listens for messages that fit no task."""

from django.apps import AppConfig


class DeadLettersConfig(AppConfig):
    name = "agentplatform.dead_letters"
    label = "dead_letters"
    verbose_name = "Dead letters"

    def ready(self) -> None:
        from agentplatform.dead_letters import signals  # noqa: F401  connects to Celery's
