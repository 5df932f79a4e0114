"""The admin of the gateway: model calls and attempts to look at, prices, and what
tenants have set of models."""

from apps.gateway.admin import call, price, tenant_models  # noqa: F401  registers
