from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    label = "gateway"

    def ready(self) -> None:
        from apps.gateway.services import holdings
        from apps.tenants.facade import register_holdings

        register_holdings("gateway", holdings)
