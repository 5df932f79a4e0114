"""The admin of tools: calls, requests and artifacts to look at, and what tenants have set."""

from apps.tools.admin import calls, egress, mcp_server, tool_limit, tool_secret  # noqa: F401  registers
