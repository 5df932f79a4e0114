from django.apps import AppConfig


class ToolsConfig(AppConfig):
    name = "apps.tools"
    label = "tools"

    def ready(self) -> None:
        from apps.tenants.facade import register_holdings
        from apps.tools.services import holdings

        register_holdings("tools", holdings)
