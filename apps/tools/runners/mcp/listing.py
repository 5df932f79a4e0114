"""The tools of an MCP server, as it lists them."""

import json
from dataclasses import replace

import mcp_types as types

from agentplatform.core.json_schema import find_schema_problem
from agentplatform.core.json_values import clean_json, clean_text
from apps.tools.egress.session import Egress
from apps.tools.runners.limits import MEGABYTE
from apps.tools.runners.mcp.naming import called_name
from apps.tools.runners.mcp.session import (
    Bounds,
    Conversation,
    Stopped,
    Timeout,
    Unanswered,
    converse,
)
from apps.tools.runners.mcp.target import ListedTool, Listing, Server
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import ToolFailure

MAX_TOOLS = 128
MAX_SCHEMA_BYTES = 64 * 1024
MAX_DESCRIPTION = 4000
_MOST_BYTES = 4 * MEGABYTE
_MOST_PAGES = 20


def list_tools(
    server: Server, *, name: str, egress: Egress, secret: Secret | None, seconds: float
) -> Listing:
    """The tools of the server of this name. Raises ToolFailure."""
    try:
        version, found, is_whole = converse(
            server,
            _ask,
            egress=egress,
            secret=secret,
            bounds=Bounds(seconds=seconds, most_bytes=_MOST_BYTES),
        )
    except (Timeout, Stopped) as error:
        raise ToolFailure("timeout", f"The server did not answer within {seconds:g} s.") from error
    except Unanswered as error:
        raise error.failure from error
    listing = _listing(name, version, found)
    if is_whole or len(found) > MAX_TOOLS:
        return listing
    cut = f"what comes after {_MOST_PAGES} pages of the list: no more pages are read"
    return replace(listing, left_out=(*listing.left_out, cut))


async def _ask(talk: Conversation) -> tuple[str, list[types.Tool], bool]:
    """The protocol's version, the tools, and whether the server has no more."""
    talk.has_asked = True
    tools: list[types.Tool] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await talk.client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if cursor is None or len(tools) > MAX_TOOLS:
            break
    return talk.client.protocol_version, tools, cursor is None


def _listing(server: str, version: str, found: list[types.Tool]) -> Listing:
    tools: dict[str, ListedTool] = {}
    left_out: list[str] = []
    for tool in found:
        listed = _read(server, tool)
        shown = clean_text(tool.name)[:100]
        if problem := _problem(tool):
            left_out.append(f"{shown}: {problem}")
        elif listed.called in tools:
            left_out.append(f"{shown}: another tool is called {listed.called}")
        elif len(tools) >= MAX_TOOLS:
            left_out.append(f"{shown} and those after it: only {MAX_TOOLS} tools are taken")
            break
        else:
            tools[listed.called] = listed
    return Listing(version=version, tools=tuple(tools.values()), left_out=tuple(left_out))


def _read(server: str, tool: types.Tool) -> ListedTool:
    hints = tool.annotations
    return ListedTool(
        name=tool.name,
        called=called_name(server, tool.name),
        description=clean_text(tool.description or tool.title or "")[:MAX_DESCRIPTION],
        parameters=clean_json(tool.input_schema),
        result=clean_json(tool.output_schema),
        is_repeatable=bool(hints and (hints.read_only_hint or hints.idempotent_hint)),
    )


def _problem(tool: types.Tool) -> str | None:
    """Why the tool cannot be used."""
    if not 0 < len(tool.name) <= 200 or not tool.name.isprintable():
        return "its name is empty, has more than 200 characters, or some that cannot be shown"
    for field, schema in (("inputSchema", tool.input_schema), ("outputSchema", tool.output_schema)):
        if schema is None:
            continue
        if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
            return f"its {field} has more than {MAX_SCHEMA_BYTES} bytes"
        if reason := find_schema_problem(schema):
            return f"its {field} is not usable: {reason}"
    if tool.input_schema.get("type", "object") != "object":
        return "its inputSchema is not the schema of an object"
    return None
