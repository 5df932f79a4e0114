"""The admin of tools: calls and artifacts to look at, and what tenants have set."""

from apps.tools.admin import calls, tool_limit, tool_secret  # noqa: F401  registers
