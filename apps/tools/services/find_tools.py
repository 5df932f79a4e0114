"""Which tools a tenant has: the built-in ones, the operator's, and those of its MCP servers."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.tools.contracts import ToolDescription
from apps.tools.models import McpTool
from apps.tools.runners.mcp.naming import MARK
from apps.tools.runners.mcp.target import Server, ServerTool
from apps.tools.runners.registry import INSTALLED, TOOLS
from apps.tools.runners.work import Tool


def find_tools(*, tenant_id: UUID, names: Iterable[str]) -> dict[str, Tool]:
    """Those of the named tools that the tenant has. Asks the database only if one of the names can
    be that of an MCP server's tool."""
    wanted = set(names)
    own = {name: TOOLS.get(name) or INSTALLED.find(name) for name in wanted}
    found = {name: tool for name, tool in own.items() if tool is not None}
    if called := [name for name in wanted if MARK in name]:
        rows = _enabled(tenant_id).filter(called__in=called).select_related("server")
        found |= {row.called: _tool(row) for row in rows}
    return found


def tool_names(*, tenant_id: UUID | None) -> frozenset[str]:
    """The names of all that a tenant has; without one, of what every tenant has."""
    rows = _enabled(tenant_id).values_list("called", flat=True) if tenant_id else ()
    return frozenset([*TOOLS, *INSTALLED.names(), *rows])


def describe_tools(
    *, tenant_id: UUID | None, names: Collection[str] | None = None
) -> tuple[ToolDescription, ...]:
    """What the named tools are, or all that a tenant has; what it has not, and what is broken, is
    left out."""
    local = sorted([*TOOLS, *INSTALLED.names()] if names is None else set(names))
    own = (_describe_own(name) for name in local)
    found = tuple(description for description in own if description is not None)
    if tenant_id is None or (names is not None and not any(MARK in name for name in names)):
        return found
    rows = _enabled(tenant_id)
    if names is not None:
        rows = rows.filter(called__in=names)
    return (*found, *map(_describe, rows))


def _enabled(tenant_id: UUID) -> QuerySet[McpTool]:
    return McpTool.objects.filter(tenant_id=tenant_id, server__is_enabled=True)


def _describe_own(name: str) -> ToolDescription | None:
    return TOOLS[name].description if name in TOOLS else INSTALLED.describe(name)


def _describe(row: McpTool) -> ToolDescription:
    return ToolDescription(
        name=row.called,
        description=row.description,
        parameters={"type": "object", **row.parameters},
        result=row.result,
        source="mcp",
    )


def _tool(row: McpTool) -> Tool:
    server = Server(
        url=row.server.url, secret=row.server.secret, version=row.server.protocol_version
    )
    target = ServerTool(
        server=server, name=row.name, result=row.result, is_repeatable=row.is_repeatable
    )
    return Tool(
        description=_describe(row),
        run=target.run,
        is_repeatable=lambda _: target.is_repeatable,
    )
