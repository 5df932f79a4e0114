"""Refresh, change and delete MCP servers of a tenant."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.facade import keep_tenant_active, record_change
from apps.tools.models import McpServer, McpTool
from apps.tools.runners.mcp.target import ListedTool, Server
from apps.tools.services.read_mcp_server import (
    find_server_secret,
    keep_listing,
    read_mcp_server,
)


def refresh_mcp_server(*, tenant_id: UUID, server_id: UUID, at: datetime) -> McpServer:
    """The server with the tools that it lists now; calls that are planned keep their arguments.

    Raises NotFound, and InvalidInput for a server that cannot be read: then its tools stay as they
    were. Waits for the server, then opens a transaction.
    """
    known = find_mcp_server(tenant_id=tenant_id, server_id=server_id)
    listing = read_mcp_server(
        tenant_id=tenant_id, name=known.name, server=Server(url=known.url, secret=known.secret)
    )
    with transaction():
        keep_tenant_active(tenant_id=tenant_id)
        server = _lock(tenant_id, server_id)
        before = {tool.called: _kept(tool) for tool in server.tools.all()}
        server.protocol_version = listing.version
        server.left_out = list(listing.left_out)
        server.refreshed_at = at
        server.save(update_fields=["protocol_version", "left_out", "refreshed_at"])
        keep_listing(server, listing)
        after = {tool.called: _kept(tool) for tool in listing.tools}
        both = before.keys() & after.keys()
        _record(
            server,
            "refreshed",
            at,
            after={
                "tools": len(after),
                "added": sorted(after.keys() - before.keys()),
                "removed": sorted(before.keys() - after.keys()),
                "changed": sorted(name for name in both if before[name] != after[name]),
            },
        )
    return server


def change_mcp_server(
    *,
    tenant_id: UUID,
    server_id: UUID,
    at: datetime,
    is_enabled: bool | None = None,
    secret: str | None = None,
) -> McpServer:
    """Switch the server's tools off or on, or send it another secret. What is None stays.

    Raises NotFound, and InvalidInput for a secret that cannot be sent to it. Opens a transaction.
    """
    with transaction():
        server = _lock(tenant_id, server_id)
        if secret is not None and secret != server.secret:
            find_server_secret(tenant_id=tenant_id, server=Server(url=server.url, secret=secret))
        before = {"is_enabled": server.is_enabled, "secret": server.secret}
        after = {
            "is_enabled": server.is_enabled if is_enabled is None else is_enabled,
            "secret": server.secret if secret is None else secret,
        }
        if after != before:
            McpServer.objects.filter(id=server.id).update(**after)
            server.refresh_from_db()
            _record(server, "changed", at, before=before, after=after)
    return server


def delete_mcp_server(*, tenant_id: UUID, server_id: UUID, at: datetime) -> None:
    """Forget the server and its tools; calls of them that have not begun fail. Raises NotFound.
    Opens a transaction."""
    with transaction():
        server = _lock(tenant_id, server_id)
        _record(server, "deleted", at, before={"name": server.name, "url": server.url})
        server.delete()


def find_mcp_server(*, tenant_id: UUID, server_id: UUID) -> McpServer:
    """The server. Raises NotFound when it is missing or another tenant's."""
    server = McpServer.objects.filter(tenant_id=tenant_id, id=server_id).first()
    if server is None:
        raise NotFound(f"There is no MCP server {server_id}.")
    return server


def _kept(tool: McpTool | ListedTool) -> tuple[object, ...]:
    """What is shown to models and held against calls of the tool."""
    return tool.description, tool.parameters, tool.result, tool.is_repeatable


def _lock(tenant_id: UUID, server_id: UUID) -> McpServer:
    servers = McpServer.objects.select_for_update().filter(tenant_id=tenant_id, id=server_id)
    server = servers.first()
    if server is None:
        raise NotFound(f"There is no MCP server {server_id}.")
    return server


def _record(server: McpServer, verb: str, at: datetime, **values: dict[str, object]) -> None:
    record_change(
        tenant_id=server.tenant_id,
        action=f"mcp_server.{verb}",
        target=("mcp_server", server.id),
        at=at,
        **values,
    )
