from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "apps.runs"
    label = "runs"

    def ready(self) -> None:
        from apps.runs import signals  # noqa: F401  connects to Celery's
        from apps.runs.services import holdings
        from apps.tenants.facade import register_holdings

        register_holdings("runs", holdings)
