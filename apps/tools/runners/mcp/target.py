"""An MCP server as its rows describe it, and the call of one of its tools.

The protocol's SDK takes a second and 40 MB to import: it is, once a call needs it.
"""

from dataclasses import dataclass
from typing import Any, cast

from django.utils.module_loading import import_string

from apps.tools.runners.work import Ran, Work


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where a server is. `secret` is the name of the tool secret that it is sent; `version` the
    protocol's, as last agreed on ("": not yet)."""

    url: str
    secret: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class ServerTool:
    """A tool of a server, by its own name, with the schema of its structured result."""

    server: Server
    name: str
    result: dict[str, Any] | None = None
    is_repeatable: bool = False

    def run(self, work: Work) -> Ran:
        """One call."""
        call = import_string("apps.tools.runners.mcp.call.call_tool")
        return cast(Ran, call(self, work))


@dataclass(frozen=True, kw_only=True)
class ListedTool:
    """A tool that can be used, under the name by which it is called."""

    name: str
    called: str
    description: str
    parameters: dict[str, Any]
    result: dict[str, Any] | None
    is_repeatable: bool


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a server offers. `left_out` says of each tool that cannot be used why."""

    version: str
    tools: tuple[ListedTool, ...]
    left_out: tuple[str, ...]
