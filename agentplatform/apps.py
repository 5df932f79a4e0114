"""The platform as a Django application."""

from django.apps import AppConfig

from agentplatform.core.postgresql.logins import adopt_logins
from agentplatform.core.secret_keys import adopt_secret_key
from agentplatform.settings.databases import databases
from agentplatform.settings.environment import Environment
from agentplatform.settings.live import on_change


class GatewayConfig(AppConfig):
    """Of a process that sends no tasks."""

    name = "agentplatform"
    default = False

    def ready(self) -> None:
        from agentplatform.core.postgresql.isolation import checks  # noqa: F401  registers them

        on_change(_adopt_secret_key)
        on_change(_adopt_logins)


class PlatformConfig(GatewayConfig):
    """Of every other process: it has the Celery application too."""

    default = True

    def ready(self) -> None:
        from agentplatform import celery  # noqa: F401  sending a task needs the current application

        super().ready()


def _adopt_secret_key(before: Environment, after: Environment) -> None:
    names = ("secret_key", "secret_key_fallbacks")
    if after.secret_key and any(getattr(before, name) != getattr(after, name) for name in names):
        adopt_secret_key(after.secret_key.get_secret_value(), fallbacks=after.fallback_secret_keys)


def _adopt_logins(before: Environment, after: Environment) -> None:
    if (found := databases(after)) != databases(before):
        adopt_logins(found)
