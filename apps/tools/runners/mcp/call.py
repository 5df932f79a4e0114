"""One call of a tool of an MCP server."""

import mcp_types as types
from mcp.shared.exceptions import MCPError

from agentplatform.core.errors import NotFound
from agentplatform.core.json_schema import find_mismatch
from apps.tools.runners.limits import MEGABYTE
from apps.tools.runners.masking import Masking
from apps.tools.runners.mcp.content import read_content
from apps.tools.runners.mcp.session import (
    Bounds,
    Conversation,
    Stopped,
    Timeout,
    Unanswered,
    converse,
)
from apps.tools.runners.mcp.target import ServerTool
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import Ran, ToolFailure, Work
from apps.tools.states import OUTCOME_UNKNOWN

BACKEND = "mcp"
_MOST_BYTES = 16 * MEGABYTE


def call_tool(tool: ServerTool, work: Work) -> Ran:
    """What the server's tool gives, without the secret that it was sent."""
    secret = _secret(tool, work)
    masking = Masking((secret,) if secret else ())
    bounds = Bounds(seconds=work.limits.wall_seconds, most_bytes=_MOST_BYTES, stop=work.stop)
    try:
        result = converse(
            tool.server,
            lambda talk: _ask(talk, tool, work),
            egress=work.egress,
            secret=secret,
            bounds=bounds,
        )
    except Timeout:
        detail = f"The server gave no whole answer within {work.limits.wall_seconds:g} s."
        return Ran(status="timeout", backend=BACKEND, detail=detail)
    except Stopped:
        return Ran(status="killed", backend=BACKEND, detail="The call was stopped.")
    except Unanswered as error:
        raise _masked(_unanswered(error, tool), masking) from error
    except ToolFailure as failure:
        raise _masked(failure, masking) from failure
    return _ran(result, tool, work, masking)


async def _ask(talk: Conversation, tool: ServerTool, work: Work) -> types.CallToolResult:
    """A server whose tool has other headers than we know of is asked for them, once."""
    talk.has_asked = True
    try:
        params = types.CallToolRequestParams(name=tool.name, arguments=work.arguments)
        return await talk.client.session.send_request(
            types.CallToolRequest(params=params), types.CallToolResult
        )
    except MCPError as error:
        if error.code != types.HEADER_MISMATCH:
            raise
        await talk.client.list_tools()
        return await talk.client.session.call_tool(tool.name, work.arguments)


def _secret(tool: ServerTool, work: Work) -> Secret | None:
    if not tool.server.secret:
        return None
    try:
        return work.find_secret(tool.server.secret)
    except NotFound as error:
        raise ToolFailure("secret_refused", error.detail) from error


def _masked(failure: ToolFailure, masking: Masking) -> ToolFailure:
    return ToolFailure(
        failure.code, masking.text(failure.detail), is_retryable=failure.is_retryable
    )


def _unanswered(error: Unanswered, tool: ServerTool) -> ToolFailure:
    if tool.is_repeatable:
        return error.failure
    return ToolFailure(
        OUTCOME_UNKNOWN.code,
        f"{error.failure.detail} Whether the call took effect is not known; check at the server.",
    )


def _ran(result: types.CallToolResult, tool: ServerTool, work: Work, masking: Masking) -> Ran:
    read = read_content(result, limits=work.limits, masking=masking)
    if result.is_error:
        detail = read.text[:2000] or "The tool failed without saying why."
        return Ran(
            status="error", backend=BACKEND, detail=detail, value=read.value, files=read.files
        )
    if read.is_cut:
        detail = f"The result has more than {work.limits.output_bytes} bytes, or too many files."
        return Ran(
            status="output_exceeded",
            backend=BACKEND,
            detail=detail,
            value=read.value,
            files=read.files,
        )
    if tool.result is not None and result.structured_content is None:
        raise ToolFailure(
            "invalid_result",
            "The server promises a structured result (outputSchema) and gave none.",
        )
    mismatch = (
        None if tool.result is None else find_mismatch(result.structured_content, tool.result)
    )
    if mismatch is not None:
        raise ToolFailure(
            "invalid_result",
            "The server gave a result that breaks the tool's schema: "
            + masking.text(mismatch.under("result")),
        )
    return Ran(status="ok", backend=BACKEND, value=read.value, files=read.files)
