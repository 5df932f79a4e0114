"""Which tools a tenant has."""

from collections.abc import Collection, Iterable
from uuid import UUID

from apps.tools.contracts import ToolDescription
from apps.tools.runners.registry import INSTALLED, TOOLS
from apps.tools.runners.work import Tool


def find_tools(*, tenant_id: UUID, names: Iterable[str]) -> dict[str, Tool]:  # noqa: ARG001
    """Those of the named tools that the tenant has."""
    found = {name: _own(name) for name in names}
    return {name: tool for name, tool in found.items() if tool is not None}


def tool_names(*, tenant_id: UUID | None) -> frozenset[str]:  # noqa: ARG001
    """The names of all that a tenant has; without one, of what every tenant has."""
    return frozenset([*TOOLS, *INSTALLED.names()])


def describe_tools(
    *, tenant_id: UUID | None, names: Collection[str] | None = None
) -> tuple[ToolDescription, ...]:
    """What the named tools are, or all that a tenant has; what it has not, and what is broken, is
    left out."""
    wanted = tool_names(tenant_id=tenant_id) if names is None else names
    own = (_describe_own(name) for name in sorted(wanted))
    return tuple(description for description in own if description is not None)


def _own(name: str) -> Tool | None:
    return TOOLS.get(name) or INSTALLED.find(name)


def _describe_own(name: str) -> ToolDescription | None:
    return TOOLS[name].description if name in TOOLS else INSTALLED.describe(name)
