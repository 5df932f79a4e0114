"""The admin of the gateway: model calls and attempts to look at, and prices."""

from apps.gateway.admin import call, price  # noqa: F401  registers
