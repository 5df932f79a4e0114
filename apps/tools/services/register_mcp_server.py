"""Make the tools of an MCP server a tenant's own."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from agentplatform.core.errors import Conflict, InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.facade import keep_tenant_active, record_change
from apps.tools.models import McpServer
from apps.tools.runners.mcp.naming import is_server_name
from apps.tools.runners.mcp.target import Server
from apps.tools.services.read_mcp_server import keep_listing, read_mcp_server

MAX_SERVERS = 20


def register_mcp_server(
    *, tenant_id: UUID, name: str, url: str, secret: str, at: datetime
) -> McpServer:
    """The server with the tools that it lists now. `secret` names a tool secret; "": none.

    Raises InvalidInput for a server that cannot be read, Conflict for a taken name or more than
    MAX_SERVERS. Waits for the server, then opens a transaction.
    """
    if not is_server_name(name):
        raise InvalidInput(
            "A server cannot have this name.",
            errors={"name": ["Use 1 to 24 of a-z, 0-9 and single -, a letter first."]},
        )
    _require_room(tenant_id, name)
    listing = read_mcp_server(tenant_id=tenant_id, name=name, server=Server(url=url, secret=secret))
    try:
        with transaction():
            keep_tenant_active(tenant_id=tenant_id)
            server = McpServer.objects.create(
                tenant_id=tenant_id,
                name=name,
                url=url,
                secret=secret,
                protocol_version=listing.version,
                left_out=list(listing.left_out),
                created_at=at,
                refreshed_at=at,
            )
            keep_listing(server, listing)
            record_change(
                tenant_id=tenant_id,
                action="mcp_server.registered",
                target=("mcp_server", server.id),
                at=at,
                after={"name": name, "url": url, "secret": secret, "tools": len(listing.tools)},
            )
    except IntegrityError as error:
        raise _taken(name) from error
    return server


def _require_room(tenant_id: UUID, name: str) -> None:
    names = list(McpServer.objects.filter(tenant_id=tenant_id).values_list("name", flat=True))
    if name in names:
        raise _taken(name)
    if len(names) >= MAX_SERVERS:
        raise Conflict(f"A tenant has up to {MAX_SERVERS} MCP servers; delete one first.")


def _taken(name: str) -> Conflict:
    return Conflict(f"There is an MCP server named `{name}`; refresh or delete it.")
