"""Where `celery -A celery_app` finds the application."""

from agentplatform.celery import app

__all__ = ["app"]
