from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"
    label = "tenants"

    def ready(self) -> None:
        from apps.tenants.facade import register_holdings
        from apps.tenants.services import own_holdings

        register_holdings("tenants", own_holdings)
